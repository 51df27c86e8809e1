//! From the compositor's scene to what each audience may see, and the slots in which the encoders find the latest.
//!
//! Architecture invariant: the agent's slot holds nothing but what [`Painter::paint`] took from frames that proved
//! themselves masked.

use super::audience::{Agent, Customer, For};
use super::picture::{Area, I420, Popups};
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tandem_compositor::{PopupPicture, Rect, Scene};
use tandem_masking::{Judge, Shows};
use tokio::sync::watch;

/// An audience's latest picture, and what the encoder is asked beside it. Latest wins: nothing queues here.
pub struct Slot<A: For> {
    state: Mutex<State>,
    changed: Condvar,
    audience: PhantomData<A>,
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

impl<A: For> Slot<A> {
    pub fn new(bits_per_second: u32) -> Arc<Slot<A>> {
        let state = Mutex::new(State { bits_per_second, ..State::default() });
        Arc::new(Slot { state, changed: Condvar::new(), audience: PhantomData })
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

/// The two slots of a session.
#[derive(Clone)]
pub struct Slots {
    pub customer: Arc<Slot<Customer>>,
    pub agent: Arc<Slot<Agent>>,
}

impl Slots {
    pub fn new(bits_per_second: u32) -> Slots {
        Slots { customer: Slot::new(bits_per_second), agent: Slot::new(bits_per_second) }
    }

    pub fn close(&self) {
        self.customer.close();
        self.agent.close();
    }
}

/// What one audience sees of the scenes.
struct View<A: For> {
    slot: Arc<Slot<A>>,
    next: I420,
    /// What changed since the last scene that this audience saw.
    damage: Option<Rect>,
    popups: Popups,
}

impl<A: For> View<A> {
    fn new(slot: Arc<Slot<A>>, popups: Popups) -> View<A> {
        View { slot, next: I420::default(), damage: None, popups }
    }

    fn damaged(&mut self, rect: Rect) {
        self.damage = Some(self.damage.map_or(rect, |before| union(before, rect)));
    }

    /// Takes a scene over; whether that changed the picture. Chromium paints more than changes.
    fn show(&mut self, scene: &Scene<'_>, (width, height): (u32, u32), scratch: &mut Vec<u8>) -> bool {
        let resized = (self.next.width, self.next.height) != (width, height);
        if resized {
            self.next = I420::new(width, height);
        }
        let damage = self.damage.take();
        let area = if resized {
            Some(Area::whole(width, height))
        } else {
            damage.and_then(|damage| Area::within(damage, width, height))
        };
        let Some(area) = area else { return false };
        self.next.draw(scene, area, self.popups, scratch);
        let mut changed = false;
        self.slot.change(|state| {
            if resized {
                state.picture = I420::new(width, height);
            }
            changed = resized || state.picture.differs(&self.next, area);
            if changed {
                state.picture.copy_area(&self.next, area);
                state.damage = Some(state.damage.filter(|_| !resized).map_or(area, |before| before.union(area)));
                state.first.get_or_insert(scene.committed);
                state.committed = Some(scene.committed);
            }
        });
        changed
    }
}

/// What Chromium may have drawn over a page, as far as is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The page has no guard: whatever is shown is shown.
    Nothing,
    /// The page's marker is to be seen; where it is not, Chromium has something to say, of which we may be about to hear.
    Guard,
    /// A dialog of which people are told in our own words.
    Dialog,
}

/// A guarded page's frames without a marker are not shown for so long.
const UNMARKED: Duration = Duration::from_secs(1);

/// Draws scenes into the slots, on the compositor's thread.
pub struct Painter {
    judge: Judge,
    customer: View<Customer>,
    agent: View<Agent>,
    unproved: watch::Sender<u64>,
    /// Since when frames come without a marker.
    unmarked: Option<Instant>,
    scratch: Vec<u8>,
}

impl Painter {
    /// `unproved` counts the changes that the customer sees and the agent does not yet.
    pub fn new(judge: Judge, slots: &Slots, unproved: watch::Sender<u64>) -> Painter {
        let customer = View::new(slots.customer.clone(), Popups::Shown);
        let agent = View::new(slots.agent.clone(), Popups::Boxed);
        Painter { judge, customer, agent, unproved, unmarked: None, scratch: Vec::new() }
    }

    /// The number of the last scene that proved to be fit for agents.
    pub fn proved(&self) -> u64 {
        self.judge.proved()
    }

    /// Whether a frame without a marker shows something of Chromium's own that nobody is to see.
    fn is_over(&mut self, over: Over, now: Instant) -> bool {
        match over {
            Over::Nothing => false,
            Over::Guard => now.saturating_duration_since(*self.unmarked.get_or_insert(now)) < UNMARKED,
            Over::Dialog => true,
        }
    }

    /// Shows a scene to whom its marker says, and says who was shown it. The picture is the window's upper left part below the marker's `strip` rows: a
    /// phone's page may be narrower than Chromium's window.
    pub fn paint(&mut self, scene: &Scene<'_>, visible: (u32, u32), strip: u32, over: Over) -> Shown {
        let shows = self.judge.judge(scene.root.pixels, scene.root.stride);
        let is_over = shows == Shows::Unmarked && self.is_over(over, scene.committed);
        let popups: Vec<PopupPicture<'_>> =
            scene.popups.iter().map(|popup| PopupPicture { y: popup.y - strip as i32, ..*popup }).collect();
        if shows != Shows::Unmarked {
            self.unmarked = None;
        }
        let Some(scene) = below(scene, strip, &popups) else { return Shown::default() };
        let size = (scene.root.width.min(visible.0) & !1, scene.root.height.min(visible.1) & !1);
        if size.0 == 0 || size.1 == 0 {
            return Shown::default();
        }
        self.customer.damaged(scene.damage);
        self.agent.damaged(scene.damage);
        let Painter { customer, agent, scratch, .. } = self;
        match shows {
            Shows::All => {
                customer.show(&scene, size, scratch);
                agent.show(&scene, size, scratch);
            }
            Shows::Masked => {
                agent.show(&scene, size, scratch);
            }
            Shows::Unmarked if is_over => {}
            Shows::Clear | Shows::Unproved | Shows::Unmarked => {
                if customer.show(&scene, size, scratch) {
                    self.unproved.send_modify(|count| *count += 1);
                }
            }
            Shows::Broken => {}
        }
        Shown {
            customer: !matches!(shows, Shows::Masked | Shows::Broken) && !is_over,
            agent: matches!(shows, Shows::Masked | Shows::All),
            shows: Some(shows),
        }
    }
}

/// Who was shown a scene, and what it said of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    pub customer: bool,
    pub agent: bool,
    pub shows: Option<Shows>,
}

/// The scene without its first rows.
fn below<'a>(scene: &Scene<'a>, strip: u32, popups: &'a [PopupPicture<'a>]) -> Option<Scene<'a>> {
    let mut root = scene.root;
    root.pixels = root.pixels.get(strip as usize * root.stride..)?;
    root.height = root.height.checked_sub(strip)?;
    let damage = Rect { y: scene.damage.y.saturating_sub(strip as i32), ..scene.damage };
    Some(Scene { root, popups, damage, ..*scene })
}

fn union(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let right = a.x.saturating_add(a.width).max(b.x.saturating_add(b.width));
    let bottom = a.y.saturating_add(a.height).max(b.y.saturating_add(b.height));
    Rect { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
}
