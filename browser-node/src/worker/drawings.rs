//! What people have drawn over the pages of a session: kept for whoever comes later, as long as the page it is on is shown. A plain value.
//!
//! A drawing's places are parts of the box of something on the page, its anchor, which the page's guard chooses and follows
//! (`anchors.js`). Agents are told of the customer's drawings only what the guard has looked at and cleared: whoever draws over a
//! hidden keypad shows what they type.

use std::collections::VecDeque;
use tandem_policy::Millis;
use tandem_protocol::talk::drawing::{Drawing, DrawingInput, DrawingNotice, Frame, Moved, Tool};
use tandem_protocol::{Audience, ParticipantId, Private, TabId, Viewport};

/// Drawings of one person that are kept, and of all; the oldest go first.
const KEPT: usize = 100;
const ALL: usize = 300;
/// Places of one drawing, the rest of which is cut off, and of all drawings together.
const PLACES: usize = 2_000;
const ALL_PLACES: usize = 30_000;
/// Drawings and places in one notice: it has to fit into a message.
const TOLD: usize = 20;
const PLACES_TOLD: usize = 300;
/// The longest text (characters).
const LONGEST: usize = 200;
/// How long what fades is seen once it is whole, and a "click here" (milliseconds).
const FADES: u64 = 6_000;
const PULSES: u64 = 4_000;
/// About as wide is a letter of a text, and so high its line (CSS pixels), for what may lie under it.
const LETTER: f32 = 10.0;
const LINE: f32 = 30.0;

/// Who draws.
#[derive(Debug, Clone, Copy)]
pub struct Author {
    pub who: ParticipantId,
    pub is_customer: bool,
    /// Whether they have the right to.
    pub may: bool,
}

/// What they draw on.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub tab: TabId,
    pub viewport: Viewport,
    /// Whether it has a guard.
    pub guarded: bool,
    /// Whether an agent sees it. What the customer draws while none does is the customer's alone, also later.
    pub watched: bool,
}

/// What a page's guard is to do. Places are in CSS pixels of the page's window.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Find an anchor. One that is not exact is nothing hidden, nor in anything hidden.
    Anchor {
        id: u32,
        at: [f32; 2],
        exact: bool,
    },
    /// Look at what is under these places.
    Look {
        id: u32,
        points: Vec<[f32; 2]>,
    },
    /// Say whether there was anything hidden under or within the drawing, of which these places are the last.
    Judge {
        id: u32,
        points: Vec<[f32; 2]>,
    },
    Forget {
        ids: Vec<u32>,
    },
}

/// What people have to be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Drawn(u32),
    /// A customer's drawing, whole, which agents may see from now on.
    Shared(u32),
    /// From this place on.
    Grown(u32, usize),
    Done(u32),
    Moved(Vec<u32>),
    Gone(Vec<Names>),
}

/// What customers call a drawing, and what agents call it, who must not find by a gap that there is one they do not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    id: u32,
    shared: Option<u32>,
}

#[derive(Debug, Default, PartialEq)]
pub struct Steps {
    pub asks: Vec<(TabId, Ask)>,
    pub changes: Vec<Change>,
}

/// Where a guard says that an anchor is, and whether that is hidden.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub struct Anchored {
    pub id: u32,
    pub frame: Option<Frame>,
    pub hidden: bool,
}

#[derive(Debug)]
enum Anchor {
    /// Until the guard has found one, here is what was drawn.
    Asked(Vec<[f32; 2]>),
    /// `of` is the last box there was, `frame` the same while it is in sight.
    At { of: Frame, frame: Option<Frame>, hidden: bool },
}

#[derive(Debug)]
struct Kept {
    names: Names,
    author: Author,
    number: u32,
    tab: TabId,
    tool: Tool,
    text: Option<Private<String>>,
    at: u64,
    fade: bool,
    done: Option<u64>,
    anchor: Anchor,
    points: Vec<[f32; 2]>,
    /// The customer's, to be judged by the guard.
    judged: bool,
    /// Where it began and where it is now.
    span: [[f32; 2]; 2],
}

#[derive(Debug, Default)]
pub struct Drawings {
    last: u32,
    last_shared: u32,
    kept: VecDeque<Kept>,
}

impl Drawings {
    pub fn act(&mut self, author: Author, input: DrawingInput, page: Page, now: Millis) -> Steps {
        let mut steps = self.age(now);
        if !author.may {
            return steps;
        }
        match input {
            DrawingInput::Begin { number, tool, at, fade, text } => {
                let text = text.map(|text| plain(text.reveal())).filter(|_| tool == Tool::Text);
                let is_said = (tool == Tool::Text) == text.as_ref().is_some_and(|text| !text.is_empty());
                let Some(at) = within(at, page.viewport).filter(|_| is_said) else { return steps };
                let open = self.kept.iter().filter(|one| one.author.who == author.who && one.done.is_none());
                for number in open.map(|one| one.number).collect::<Vec<_>>() {
                    self.end(author, number, page, now, &mut steps);
                }
                self.begin(author, (number, tool, text, fade), at, page, now, &mut steps);
            }
            DrawingInput::Go { number, points } => {
                let points: Vec<_> = points.into_iter().filter_map(|at| within(at, page.viewport)).collect();
                self.go(author, number, points, &mut steps);
            }
            DrawingInput::End { number } => self.end(author, number, page, now, &mut steps),
            DrawingInput::Undo => {
                let last = self.kept.iter().rev().find(|one| one.author.who == author.who && one.tab == page.tab);
                let last = last.map(|one| one.names);
                self.remove(|one| Some(one.names) == last, &mut steps);
            }
            DrawingInput::Clear => self.remove(|one| one.author.who == author.who, &mut steps),
            DrawingInput::ClearAll if author.is_customer => self.remove(|_| true, &mut steps),
            DrawingInput::ClearAll => {}
        }
        self.bound(author, &mut steps);
        steps
    }

    /// A guard says where anchors are: for the first time, or since they have moved.
    pub fn anchored(&mut self, tab: TabId, places: &[Anchored], now: Millis) -> Steps {
        let mut steps = self.age(now);
        let mut moved = Vec::new();
        for place in places {
            let Some(one) = self.kept.iter_mut().find(|one| one.names.id == place.id && one.tab == tab) else {
                continue;
            };
            let known = match &one.anchor {
                Anchor::Asked(_) => place.frame,
                Anchor::At { of, .. } => place.frame.or(Some(*of)),
            };
            // What was never in sight has no place; the guard says so again when it has.
            let Some(of) = known else { continue };
            let before =
                std::mem::replace(&mut one.anchor, Anchor::At { of, frame: place.frame, hidden: place.hidden });
            match before {
                Anchor::Asked(waiting) => {
                    one.points = waiting.into_iter().map(|at| part(at, of)).collect();
                    steps.changes.push(Change::Drawn(place.id));
                }
                Anchor::At { .. } => moved.push(place.id),
            }
        }
        if !moved.is_empty() {
            steps.changes.push(Change::Moved(moved));
        }
        steps
    }

    /// A guard has judged a customer's drawing: clear says that there was nothing hidden.
    pub fn judged(&mut self, tab: TabId, id: u32, clear: bool) -> Steps {
        let mut steps = Steps::default();
        let is_asked = |one: &&mut Kept| one.names.id == id && one.tab == tab && one.judged && one.done.is_some();
        let Some(one) = self.kept.iter_mut().find(is_asked) else { return steps };
        one.judged = false;
        if clear {
            self.last_shared += 1;
            one.names.shared = Some(self.last_shared);
            steps.changes.push(Change::Shared(id));
        }
        steps
    }

    /// These tabs are there; `fresh` shows another page.
    pub fn pages(&mut self, tabs: &[TabId], fresh: Option<TabId>) -> Steps {
        let mut steps = Steps::default();
        self.remove(|one| !tabs.contains(&one.tab) || Some(one.tab) == fresh, &mut steps);
        // The guard is gone with its page.
        steps.asks.clear();
        steps
    }

    /// What one person is told of a change. What is for agents tells only of what is shared: an agent's own, and what a guard has cleared.
    pub fn told(&self, change: &Change, who: ParticipantId, audience: Audience, now: Millis) -> Vec<DrawingNotice> {
        let name = |names: Names| match audience {
            Audience::Customer => Some(names.id),
            Audience::Agent => names.shared,
        };
        let find = |id: u32| self.kept.iter().find(|one| one.names.id == id);
        let named = |id: u32| find(id).and_then(|one| Some((one, name(one.names)?)));
        match change {
            Change::Drawn(id) => find(*id).map(|one| self.whole([one], who, audience, now)).unwrap_or_default(),
            Change::Shared(id) => match audience {
                Audience::Customer => Vec::new(),
                Audience::Agent => find(*id).map(|one| self.whole([one], who, audience, now)).unwrap_or_default(),
            },
            Change::Grown(id, from) => named(*id)
                .map(|(one, id)| {
                    let points = one.points.get(*from..).unwrap_or_default();
                    let grown = |points: &[[f32; 2]]| DrawingNotice::Grown { id, points: points.to_vec() };
                    points.chunks(PLACES_TOLD).map(grown).collect()
                })
                .unwrap_or_default(),
            Change::Done(id) => named(*id).map(|(_, id)| vec![DrawingNotice::Done { id }]).unwrap_or_default(),
            Change::Moved(ids) => {
                let moved = ids.iter().filter_map(|id| named(*id));
                let places: Vec<_> = moved.map(|(one, id)| Moved { id, frame: one.frame(audience) }).collect();
                Some(DrawingNotice::Moved { places: places.clone() })
                    .filter(|_| !places.is_empty())
                    .into_iter()
                    .collect()
            }
            Change::Gone(gone) => {
                let ids: Vec<_> = gone.iter().filter_map(|names| name(*names)).collect();
                Some(DrawingNotice::Gone { ids: ids.clone() }).filter(|_| !ids.is_empty()).into_iter().collect()
            }
        }
    }

    /// All that somebody who comes is told.
    pub fn known(&self, who: ParticipantId, audience: Audience, now: Millis) -> Vec<DrawingNotice> {
        self.whole(self.kept.iter().filter(|one| !one.is_over(now)), who, audience, now)
    }

    fn whole<'a>(
        &self,
        kept: impl IntoIterator<Item = &'a Kept>,
        who: ParticipantId,
        audience: Audience,
        now: Millis,
    ) -> Vec<DrawingNotice> {
        let (mut notices, mut drawings, mut places) = (Vec::new(), Vec::new(), 0);
        let flush = |drawings: &mut Vec<Drawing>, notices: &mut Vec<DrawingNotice>| {
            if !drawings.is_empty() {
                notices.push(DrawingNotice::Drawn { drawings: std::mem::take(drawings) });
            }
        };
        for one in kept {
            let Some(mut drawing) = one.seen(who, audience, now) else { continue };
            let rest = drawing.points.split_off(drawing.points.len().min(PLACES_TOLD));
            let id = drawing.id;
            if drawings.len() >= TOLD || places + drawing.points.len() > PLACES_TOLD {
                flush(&mut drawings, &mut notices);
                places = 0;
            }
            places += drawing.points.len();
            drawings.push(drawing);
            if !rest.is_empty() {
                flush(&mut drawings, &mut notices);
                places = 0;
                let grown = |points: &[[f32; 2]]| DrawingNotice::Grown { id, points: points.to_vec() };
                notices.extend(rest.chunks(PLACES_TOLD).map(grown));
            }
        }
        flush(&mut drawings, &mut notices);
        notices
    }

    fn begin(
        &mut self,
        author: Author,
        (number, tool, text, fade): (u32, Tool, Option<String>, bool),
        at: [f32; 2],
        page: Page,
        now: Millis,
        steps: &mut Steps,
    ) {
        self.last += 1;
        let id = self.last;
        let shared = (!author.is_customer).then(|| {
            self.last_shared += 1;
            self.last_shared
        });
        // Without a guard nobody follows anything, and nobody looks: it stays where it is in the window.
        let frame = [0.0, 0.0, 1.0, 1.0];
        let (anchor, points) = match page.guarded {
            true => (Anchor::Asked(vec![at]), Vec::new()),
            false => (Anchor::At { of: frame, frame: Some(frame), hidden: false }, vec![at]),
        };
        if page.guarded {
            steps.asks.push((page.tab, Ask::Anchor { id, at, exact: author.is_customer }));
        }
        self.kept.push_back(Kept {
            names: Names { id, shared },
            author,
            number,
            tab: page.tab,
            tool,
            text: text.map(Private::new),
            at: now.0,
            fade,
            done: None,
            anchor,
            points,
            judged: author.is_customer && page.guarded && page.watched,
            span: [at; 2],
        });
        if !page.guarded {
            steps.changes.push(Change::Drawn(id));
        }
        if matches!(tool, Tool::Text | Tool::Pulse) {
            self.end(author, number, page, now, steps);
        }
    }

    fn go(&mut self, author: Author, number: u32, points: Vec<[f32; 2]>, steps: &mut Steps) {
        let mine = self.kept.iter_mut().rev().find(|one| one.is(author, number) && one.done.is_none());
        let (Some(one), Some(last)) = (mine, points.last().copied()) else { return };
        one.span[1] = last;
        if one.tool.spans() {
            match &mut one.anchor {
                Anchor::Asked(waiting) => {
                    waiting.truncate(1);
                    waiting.push(last);
                }
                Anchor::At { of, .. } => {
                    one.points.truncate(1);
                    one.points.push(part(last, *of));
                    steps.changes.push(Change::Grown(one.names.id, 1));
                }
            }
            return;
        }
        let room = PLACES.saturating_sub(one.places());
        let points = &points[..points.len().min(room)];
        if points.is_empty() {
            return;
        }
        if one.judged {
            steps.asks.push((one.tab, Ask::Look { id: one.names.id, points: points.to_vec() }));
        }
        match &mut one.anchor {
            Anchor::Asked(waiting) => waiting.extend_from_slice(points),
            Anchor::At { of, .. } => {
                let from = one.points.len();
                one.points.extend(points.iter().map(|at| part(*at, *of)));
                steps.changes.push(Change::Grown(one.names.id, from));
            }
        }
    }

    fn end(&mut self, author: Author, number: u32, page: Page, now: Millis, steps: &mut Steps) {
        let mine = self.kept.iter_mut().rev().find(|one| one.is(author, number) && one.done.is_none());
        let Some(one) = mine else { return };
        one.done = Some(now.0);
        one.judged &= page.watched;
        if one.judged {
            steps.asks.push((one.tab, Ask::Judge { id: one.names.id, points: one.outline() }));
        }
        steps.changes.push(Change::Done(one.names.id));
    }

    /// What has faded is seen by nobody any more: their pages know how long it lasts.
    fn age(&mut self, now: Millis) -> Steps {
        let mut steps = Steps::default();
        self.remove(|one| one.is_over(now), &mut steps);
        steps.changes.clear();
        steps
    }

    fn bound(&mut self, author: Author, steps: &mut Steps) {
        let mine = self.kept.iter().filter(|one| one.author.who == author.who);
        if mine.clone().count() > KEPT
            && let Some(first) = mine.map(|one| one.names).next()
        {
            self.remove(|one| one.names == first, steps);
        }
        while self.kept.len() > ALL || self.kept.iter().map(Kept::places).sum::<usize>() > ALL_PLACES {
            let Some(first) = self.kept.front().map(|one| one.names) else { return };
            self.remove(|one| one.names == first, steps);
        }
    }

    fn remove(&mut self, is_meant: impl Fn(&Kept) -> bool, steps: &mut Steps) {
        let mut gone: Vec<(TabId, Names)> = Vec::new();
        self.kept.retain(|one| {
            let is_meant = is_meant(one);
            if is_meant {
                gone.push((one.tab, one.names));
            }
            !is_meant
        });
        let mut tabs: Vec<TabId> = gone.iter().map(|(tab, _)| *tab).collect();
        tabs.dedup();
        for tab in tabs {
            let ids = gone.iter().filter(|(of, _)| *of == tab).map(|(_, names)| names.id).collect();
            steps.asks.push((tab, Ask::Forget { ids }));
        }
        if !gone.is_empty() {
            steps.changes.push(Change::Gone(gone.into_iter().map(|(_, names)| names).collect()));
        }
    }
}

impl Kept {
    fn is(&self, author: Author, number: u32) -> bool {
        self.author.who == author.who && self.number == number
    }

    fn places(&self) -> usize {
        match &self.anchor {
            Anchor::Asked(waiting) => waiting.len(),
            Anchor::At { .. } => self.points.len(),
        }
    }

    /// How long it is seen once it is whole.
    fn life(&self) -> Option<u64> {
        match self.tool {
            Tool::Pulse => Some(PULSES),
            _ => self.fade.then_some(FADES),
        }
    }

    fn is_over(&self, now: Millis) -> bool {
        self.done.zip(self.life()).is_some_and(|(done, life)| now.0 >= done + life)
    }

    /// Where it is, as far as this audience may know.
    fn frame(&self, audience: Audience) -> Option<Frame> {
        match self.anchor {
            Anchor::At { hidden: true, .. } if audience == Audience::Agent => None,
            Anchor::At { frame, .. } => frame,
            Anchor::Asked(_) => None,
        }
    }

    fn seen(&self, who: ParticipantId, audience: Audience, now: Millis) -> Option<Drawing> {
        let id = match audience {
            Audience::Customer => self.names.id,
            Audience::Agent => self.names.shared?,
        };
        if let Anchor::Asked(_) = self.anchor {
            return None;
        }
        let past = self.done.map_or(0, |done| now.0.saturating_sub(done));
        Some(Drawing {
            id,
            from: self.author.who,
            number: (self.author.who == who).then_some(self.number),
            tab: self.tab,
            tool: self.tool,
            text: self.text.clone(),
            at: self.at,
            frame: self.frame(audience),
            points: self.points.clone(),
            done: self.done.is_some(),
            life: self.life().map(|life| life.saturating_sub(past) as u32),
        })
    }

    /// The corners of what it covers, for what has not been looked at while it was drawn.
    fn outline(&self) -> Vec<[f32; 2]> {
        let [[x, y], [far, low]] = self.span;
        match self.tool {
            Tool::Pen | Tool::Marker => Vec::new(),
            Tool::Box => vec![[x, y], [far, y], [far, low], [x, low]],
            Tool::Arrow => vec![[x, y], [far, low]],
            Tool::Pulse => vec![[x, y]],
            Tool::Text => {
                let letters = self.text.as_ref().map_or(0, |text| text.reveal().chars().count()) as f32;
                let (far, low) = (x + LETTER * letters, y + LINE);
                vec![[x, y], [far, y], [far, low], [x, low]]
            }
        }
    }
}

/// A place in the window; none of what is no number.
fn within([x, y]: [f32; 2], viewport: Viewport) -> Option<[f32; 2]> {
    let kept = |value: f32, length: u32| value.clamp(0.0, (length as f32 - 0.01).max(0.0));
    (x.is_finite() && y.is_finite()).then(|| [kept(x, viewport.width), kept(y, viewport.height)])
}

/// A place as parts of a box, to a hundred-thousandth: a message is short, and nobody sees the rest.
fn part([x, y]: [f32; 2], [left, top, width, height]: Frame) -> [f32; 2] {
    let of = |value: f32, length: f32| (value / length.max(1.0) * 1e5).round() / 1e5;
    [of(x - left, width), of(y - top, height)]
}

fn plain(text: &str) -> String {
    let line = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control());
    line.collect::<String>().trim().chars().take(LONGEST).collect()
}

#[cfg(test)]
#[path = "drawings_tests.rs"]
mod tests;
