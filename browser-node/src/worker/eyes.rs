//! What the compositor shows and tells, on its way from its thread to the worker's.

use super::view::{Over, Painter, Slots};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tandem_compositor::{Event, Scene, Sink};
use tandem_masking::{Judge, STRIP, Shows};
use tandem_protocol::Viewport;
use tandem_protocol::notice::{CursorShape, Field};
use tokio::sync::watch;

/// The colour (red, green, blue) in the middle of what each audience was last shown. For the proof of a warm browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    pub customer: [u8; 3],
    pub agent: [u8; 3],
}

/// The compositor's end: paints, and keeps the latest of everything else.
pub struct Eyes {
    painter: Painter,
    visible: Visible,
    sample: watch::Sender<Sample>,
    standing: watch::Sender<Standing>,
    cursor: watch::Sender<CursorShape>,
    field: watch::Sender<Option<Field>>,
    titles: watch::Sender<u64>,
    copies: watch::Sender<u64>,
    connected: watch::Sender<bool>,
    proved: watch::Sender<u64>,
    one_kind: watch::Sender<bool>,
}

/// The worker's end. Latest wins in all of them.
pub struct Seen {
    pub visible: Visible,
    pub sample: watch::Receiver<Sample>,
    pub cursor: watch::Receiver<CursorShape>,
    pub field: watch::Receiver<Option<Field>>,
    /// Counts the changes of the active page's title.
    pub titles: watch::Receiver<u64>,
    /// Counts what pages put on the clipboard.
    pub copies: watch::Receiver<u64>,
    /// False when Chromium closed its connection.
    pub connected: watch::Receiver<bool>,
    /// Counts the changes that only the customer has seen so far.
    pub unproved: watch::Receiver<u64>,
    pub standing: watch::Receiver<Standing>,
    /// The number of the last frame that proved to be fit for agents.
    pub proved: watch::Receiver<u64>,
    /// Whether the page paints one kind of frame, fit for all once it is proved.
    pub one_kind: watch::Receiver<bool>,
}

/// How the agents' picture stands to the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// It shows the latest frame, as far as that could be proved.
    #[default]
    Fresh,
    /// Frames came since that were not for agents; what the last of them said of itself.
    Behind(Shows),
}

/// How much of the window is the page, and what of Chromium's own may be over it.
#[derive(Clone)]
pub struct Visible(Arc<Mutex<Known>>);

#[derive(Clone, Copy)]
struct Known {
    viewport: Viewport,
    over: Over,
}

impl Visible {
    fn new(viewport: Viewport) -> Visible {
        Visible(Arc::new(Mutex::new(Known { viewport, over: Over::Nothing })))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, viewport: Viewport) {
        self.known().viewport = viewport;
    }

    pub fn set_over(&self, over: Over) {
        self.known().over = over;
    }

    /// The picture's size, the marker's rows above it (picture pixels), and what may be over it.
    fn get(&self) -> ((u32, u32), u32, Over) {
        let Known { viewport, over } = *self.known();
        (viewport.picture(), (STRIP as f32 * viewport.scale).round() as u32, over)
    }
}

/// `judge` knows the session's masked frames.
pub fn open(judge: Judge, slots: &Slots, viewport: Viewport) -> (Eyes, Seen) {
    let visible = Visible::new(viewport);
    let (sample, sampled) = watch::channel(Sample::default());
    let (cursor, cursor_seen) = watch::channel(CursorShape::default());
    let (field, field_seen) = watch::channel(None);
    let (titles, titles_seen) = watch::channel(0);
    let (copies, copies_seen) = watch::channel(0);
    let (connected, connected_seen) = watch::channel(true);
    let (unproved, unproved_seen) = watch::channel(0);
    let (standing, standing_seen) = watch::channel(Standing::default());
    let (proved, proved_seen) = watch::channel(0);
    let (one_kind, one_kind_seen) = watch::channel(false);
    let painter = Painter::new(judge, slots, unproved);
    let eyes = Eyes {
        painter,
        visible: visible.clone(),
        sample,
        standing,
        cursor,
        field,
        titles,
        copies,
        connected,
        proved,
        one_kind,
    };
    let seen = Seen {
        visible,
        sample: sampled,
        cursor: cursor_seen,
        field: field_seen,
        titles: titles_seen,
        copies: copies_seen,
        connected: connected_seen,
        unproved: unproved_seen,
        standing: standing_seen,
        proved: proved_seen,
        one_kind: one_kind_seen,
    };
    (eyes, seen)
}

impl Sink for Eyes {
    fn commit(&mut self, scene: Scene<'_>) {
        let (visible, strip, over) = self.visible.get();
        let shown = self.painter.paint(&scene, visible, strip, over);
        let number = self.painter.proved();
        self.proved.send_if_modified(|before| std::mem::replace(before, number) != number);
        if let Some(shows) = shown.shows {
            let standing = if shown.agent { Standing::Fresh } else { Standing::Behind(shows) };
            let one_kind = matches!(shows, Shows::All | Shows::Unproved);
            self.one_kind.send_if_modified(|before| std::mem::replace(before, one_kind) != one_kind);
            self.standing.send_if_modified(|before| std::mem::replace(before, standing) != standing);
        }
        let root = &scene.root;
        let (x, y) = (root.width.min(visible.0) as usize / 2, root.height.min(visible.1) as usize / 2);
        if let Some([b, g, r, _]) = root.pixels.get(y * root.stride + x * 4..).and_then(|p| p.first_chunk::<4>()) {
            self.sample.send_if_modified(|sample| {
                let before = *sample;
                if shown.customer {
                    sample.customer = [*r, *g, *b];
                }
                if shown.agent {
                    sample.agent = [*r, *g, *b];
                }
                before != *sample
            });
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Cursor(shape) => {
                self.cursor.send_if_modified(|before| std::mem::replace(before, shape) != shape);
            }
            Event::TextField(mut field) => {
                if let Some(field) = &mut field {
                    field.caret[1] -= STRIP as f32;
                }
                self.field.send_if_modified(|before| std::mem::replace(before, field) != field);
            }
            Event::Titled => self.titles.send_modify(|count| *count += 1),
            Event::Disconnected => {
                self.connected.send_replace(false);
            }
        }
    }

    fn copied(&mut self) {
        self.copies.send_modify(|count| *count += 1);
    }
}
