//! From the compositor's scene to what each audience may see, and the slot in which the encoder finds the latest.
//!
//! Until a page can be masked there is one kind of frame: it holds nothing that is kept from anybody, is drawn once and
//! encoded once for both audiences.

use super::audience::{Agent, Customer, Only};
use super::encoder::Encoded;
use super::picture::{Area, I420};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tandem_compositor::Scene;

/// The latest picture, and what the encoder is asked beside it. Latest wins: nothing queues here.
#[derive(Default)]
pub struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    picture: I420,
    /// What changed since the encoder last looked.
    damage: Option<Area>,
    first: Option<Instant>,
    committed: Option<Instant>,
    keyframe: bool,
    bits_per_second: u32,
    paused: bool,
    closed: bool,
}

/// What the encoder is to do next.
pub enum Work {
    /// The picture changed; the first and the latest commit it holds.
    Changed {
        first: Instant,
        committed: Instant,
        keyframe: bool,
        bits_per_second: u32,
    },
    /// The same picture as an IDR: somebody new is looking, or somebody lost a packet.
    Keyframe {
        bits_per_second: u32,
    },
    /// Nothing happened until the deadline.
    Still,
    Closed,
}

impl Slot {
    pub fn new(bits_per_second: u32) -> Arc<Slot> {
        Arc::new(Slot { state: Mutex::new(State { bits_per_second, ..State::default() }), changed: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_one();
    }

    /// Asks for an IDR at once.
    pub fn request_keyframe(&self) {
        self.change(|s| s.keyframe = true);
    }

    pub fn set_bitrate(&self, bits_per_second: u32) {
        self.state().bits_per_second = bits_per_second;
    }

    /// While nobody looks, nothing is encoded.
    pub fn set_paused(&self, paused: bool) {
        self.change(|s| s.paused = paused);
    }

    pub fn close(&self) {
        self.change(|s| s.closed = true);
    }

    /// The encoder's side: waits for work, at the longest for `patience`, and brings `picture` up to date.
    pub fn wait(&self, patience: Option<Duration>, picture: &mut I420) -> Work {
        let idle =
            |s: &mut State| !s.closed && (s.paused || (s.damage.is_none() && !(s.keyframe && s.committed.is_some())));
        let mut state = self.state();
        state = match patience {
            None => self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                self.changed.wait_timeout_while(state, patience, idle).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        if state.closed {
            return Work::Closed;
        }
        if idle(&mut state) {
            return Work::Still;
        }
        let bits_per_second = state.bits_per_second;
        let keyframe = std::mem::take(&mut state.keyframe);
        match (state.damage.take(), state.first.take(), state.committed) {
            (Some(area), Some(first), Some(committed)) => {
                if (picture.width, picture.height) == (state.picture.width, state.picture.height) {
                    picture.copy_area(&state.picture, area);
                } else {
                    picture.clone_from(&state.picture);
                }
                Work::Changed { first, committed, keyframe, bits_per_second }
            }
            _ => Work::Keyframe { bits_per_second },
        }
    }
}

/// Draws scenes into the slot, on the compositor's thread.
pub struct Painter {
    slot: Arc<Slot>,
    scratch: Vec<u8>,
}

impl Painter {
    pub fn new(slot: Arc<Slot>) -> Painter {
        Painter { slot, scratch: Vec::new() }
    }

    /// Draws what changed. The picture is the scene's upper left `visible` pixels: a phone's page may be narrower than
    /// Chromium's window.
    pub fn paint(&mut self, scene: &Scene<'_>, visible: (u32, u32)) {
        let width = scene.root.width.min(visible.0) & !1;
        let height = scene.root.height.min(visible.1) & !1;
        if width == 0 || height == 0 {
            return;
        }
        self.slot.change(|state| {
            let resized = (state.picture.width, state.picture.height) != (width, height);
            if resized {
                state.picture = I420::new(width, height);
            }
            let damage =
                if resized { Some(Area::whole(width, height)) } else { Area::within(scene.damage, width, height) };
            let Some(damage) = damage else { return };
            state.picture.draw(scene, damage, &mut self.scratch);
            state.damage = Some(state.damage.filter(|_| !resized).map_or(damage, |before| before.union(damage)));
            state.first.get_or_insert(scene.committed);
            state.committed = Some(scene.committed);
        });
    }
}

/// The one place where a picture becomes fit for an audience. Made from a frame in which nothing is kept from anybody,
/// it is fit for both.
pub fn for_both(picture: Encoded) -> (Only<Customer, Encoded>, Only<Agent, Encoded>) {
    (Only::new(picture.clone()), Only::new(picture))
}
