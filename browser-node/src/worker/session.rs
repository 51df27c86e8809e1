//! One session, from claim to release: everything that happens comes here as one event, and leaves as a permit, a notice
//! or a report.

mod drawing;
mod errands;
mod hearing;
mod native;
mod outline;
mod pictures;
mod talking;
mod telling;

use super::Encoders;
use super::address::address;
use super::audience::{Agent, Customer, Only};
use super::browser::{Browser, FromBrowser, FromGuard};
use super::channels::FromChannel;
use super::chat::Chat;
use super::denials::Denials;
use super::drawings::Drawings;
use super::encoder::Encoded;
use super::eyes::Seen;
use super::notices::Vouched;
use super::photon::Photons;
use super::publisher::{FromPublisher, Publisher, PublisherError};
use super::seat::Seat;
use super::sharing::Sharing;
use super::sound::{FromSound, PageSound};
use super::view::{Over, Slots};
use crate::handshake::{Order, Report, Reporter};
use crate::metrics::{Counter, Stage};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tandem_egress::Rules;
use tandem_masking::STRIP;
use tandem_policy::{Action, Gate, Millis, Outcome};
use tandem_protocol::control::{Claim, Demand};
use tandem_protocol::dialog::DialogKind;
use tandem_protocol::notice::{CursorNotice, Denied, Field, Notice, Thing};
use tandem_protocol::signal::EndReason;
use tandem_protocol::{Audience, InputId, ParticipantId, Private, Rights, Role, TabId, Viewport};
use tokio::sync::{mpsc, watch};

/// Signalling hears that people are active so often at the most.
const ACTIVE_EVERY: Duration = Duration::from_secs(10);
/// Frames a second while somebody looks.
const PACE: u32 = 60;

/// As many hidden areas as people are told of.
const MOST_AREAS: usize = 64;

/// How long the agents' picture may be behind before they are told why it stands still.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// A claimed worker.
pub struct Live {
    gate: Gate,
    seat: Seat,
    browser: Browser,
    seen: Seen,
    slots: Slots,
    sound: PageSound,
    rules: watch::Sender<Rules>,
    address: IpAddr,
    publisher: Option<Publisher>,
    from_publisher: (mpsc::Sender<FromPublisher>, mpsc::Receiver<FromPublisher>),
    people: HashMap<ParticipantId, Admitted>,
    demands: HashMap<Audience, Demand>,
    viewport: Viewport,
    photons: [Photons; 2],
    /// What agents may know beside the picture.
    vouched: Vouched,
    /// The focused field as agents were last told of it.
    shared_field: Option<Field>,
    /// The picker that agents hear of.
    shared_picker: Option<u32>,
    /// The customer whose pointer a page last felt, and the other person who acted last.
    customer: Option<ParticipantId>,
    other: Option<ParticipantId>,
    /// Counts the places of the customer's pointer that agents are shown.
    followed: u32,
    /// Since when the agents' picture is behind, and whether they were told.
    behind: Option<Instant>,
    withheld: bool,
    /// The tab in front, as people were last told.
    front: Option<TabId>,
    /// Where something is hidden, as people were last told.
    areas: Vec<[f32; 4]>,
    /// The number of the frame that the page waits for to be seen.
    closing: Option<u64>,
    /// When the page was last asked for a masked frame.
    asked: Option<Instant>,
    sharing: Sharing,
    /// Since when the page paints one kind of frame.
    one_kind: Option<Instant>,
    pace: u32,
    encode_time: Duration,
    epoch: Instant,
    denials: Denials,
    /// When people were last told that a page wants more tabs than there may be.
    crowded: Option<Instant>,
    /// When the customer was last handed an address.
    handed: Option<Instant>,
    /// Where the browser's clipboard comes when the customer has copied something.
    clipboard: (mpsc::Sender<Private<String>>, mpsc::Receiver<Private<String>>),
    /// When the customer last did something.
    customer_acted: Option<Instant>,
    chat: Chat,
    /// Who wants to hear what is on the page, and what agents were told last.
    listeners: HashSet<ParticipantId>,
    heard: Option<Notice>,
    /// Who reached for something last.
    reaching: Option<ParticipantId>,
    drawings: Drawings,
    active: Option<Instant>,
    reports: Reporter,
}

/// Somebody whom signalling has let in.
#[derive(Debug, Clone, Copy)]
struct Admitted {
    role: Role,
    rights: Rights,
}

/// What a session is made of when it is claimed.
pub struct Parts {
    pub seat: Seat,
    pub browser: Browser,
    pub seen: Seen,
    pub slots: Slots,
    pub sound: PageSound,
    /// What the browser may load.
    pub rules: watch::Sender<Rules>,
    /// The address from which the SFU is reached.
    pub address: IpAddr,
    pub reports: Reporter,
}

enum Event {
    Order(Option<Order>),
    Publisher(FromPublisher),
    ForCustomer(Box<Only<Customer, Encoded>>),
    ForAgent(Box<Only<Agent, Encoded>>),
    Sound(FromSound),
    Unproved,
    Proved,
    Standing,
    Kinds,
    Share,
    Overdue,
    Browser(FromBrowser),
    Cursor,
    Field,
    Titled,
    Copied,
    Clipboard(Private<String>),
    HoldExpired,
    CompositorGone,
}

impl Live {
    pub fn new(parts: Parts, claim: Claim) -> Live {
        let Parts { seat, mut browser, seen, slots, sound, rules, address: bind, reports } = parts;
        rules.send_modify(|rules| rules.sites = claim.policy.sites.clone());
        let viewport = claim.viewport.clamped();
        seen.visible.set(viewport);
        seat.resize(viewport, None, &mut browser);
        browser.set_language(claim.language);
        if let Ok(url) = address(claim.start_url.reveal(), &claim.policy.sites) {
            browser.open_first(&url);
        }
        let mut live = Live {
            gate: Gate::new(*claim.policy, viewport),
            seat,
            browser,
            seen,
            slots,
            sound,
            rules,
            address: bind,
            publisher: None,
            from_publisher: mpsc::channel(1024),
            people: HashMap::new(),
            demands: HashMap::new(),
            viewport,
            photons: Default::default(),
            vouched: Vouched::default(),
            shared_field: None,
            shared_picker: None,
            customer: None,
            other: None,
            followed: 0,
            behind: None,
            withheld: false,
            front: None,
            areas: Vec::new(),
            closing: None,
            asked: None,
            sharing: Sharing::new(),
            one_kind: None,
            pace: PACE,
            encode_time: Duration::ZERO,
            epoch: Instant::now(),
            denials: Denials::default(),
            crowded: None,
            handed: None,
            clipboard: mpsc::channel(1),
            customer_acted: None,
            chat: Chat::default(),
            listeners: HashSet::new(),
            heard: None,
            reaching: None,
            drawings: Drawings::default(),
            active: None,
            reports,
        };
        live.look();
        live
    }

    /// Runs until the session is released or its browser is gone; says why it ended.
    pub async fn run(mut self, orders: &mut crate::handshake::Orders, encoded: &mut Encoders) -> EndReason {
        self.publish().await;
        loop {
            let over = self.over();
            self.seen.visible.set_over(over);
            self.gate.set_asked(over == Over::Dialog);
            // While a dialog is open everybody's picture stands still, and people know why.
            let overdue = self.behind.filter(|_| !self.withheld && over != Over::Dialog).map(|since| since + PATIENCE);
            let share = self.sharing.deadline(self.facts());
            let hold = self.gate.deadline().map(|at| self.epoch + Duration::from_millis(at.0));
            let event = tokio::select! {
                order = orders.recv() => Event::Order(order),
                Some(event) = self.from_publisher.1.recv() => Event::Publisher(event),
                Some(picture) = encoded.customer.recv() => Event::ForCustomer(Box::new(picture)),
                Some(picture) = encoded.agent.recv() => Event::ForAgent(Box::new(picture)),
                event = self.sound.next() => Event::Sound(event),
                change = self.browser.next() => Event::Browser(change),
                Ok(()) = self.seen.cursor.changed() => Event::Cursor,
                Ok(()) = self.seen.field.changed() => Event::Field,
                Ok(()) = self.seen.titles.changed() => Event::Titled,
                Ok(()) = self.seen.copies.changed() => Event::Copied,
                Some(text) = self.clipboard.1.recv() => Event::Clipboard(text),
                Ok(()) = self.seen.unproved.changed() => Event::Unproved,
                Ok(()) = self.seen.standing.changed() => Event::Standing,
                Ok(()) = self.seen.proved.changed(), if self.closing.is_some() => Event::Proved,
                Ok(()) = self.seen.one_kind.changed() => Event::Kinds,
                () = at(share) => Event::Share,
                () = at(overdue) => Event::Overdue,
                gone = self.seen.connected.wait_for(|connected| !connected) => { let _ = gone; Event::CompositorGone }
                () = at(hold) => Event::HoldExpired,
            };
            match event {
                Event::Order(None) => return EndReason::Node,
                Event::Order(Some(order)) => {
                    if let Some(end) = self.order(order).await {
                        return end;
                    }
                }
                Event::Publisher(event) => self.publisher_event(event).await,
                Event::ForCustomer(picture) => self.customer_picture(*picture).await,
                Event::ForAgent(picture) => self.agent_picture(*picture).await,
                Event::Sound(event) => self.sound_event(event).await,
                Event::Unproved => self.ask_masked(),
                Event::Proved => self.passed(),
                Event::Standing => self.stands(),
                Event::Kinds => {
                    self.one_kind = self.seen.one_kind.borrow_and_update().then(Instant::now);
                    self.share();
                }
                Event::Share => self.share(),
                Event::Overdue => self.overdue(),
                Event::Browser(FromBrowser::Tabs) => {
                    self.pages_changed(None);
                    self.tabs_changed();
                }
                Event::Browser(FromBrowser::Dialogs) => self.tell_dialog(),
                Event::Browser(FromBrowser::Chooser) => self.tell_chooser(),
                Event::Browser(FromBrowser::Downloads) => self.tell_downloads(),
                Event::Browser(FromBrowser::TooManyTabs) => self.too_many_tabs(),
                Event::Browser(FromBrowser::Navigated(tab)) => {
                    self.vouched.forget(tab);
                    self.forget_picker(tab);
                    self.show_areas(Vec::new());
                    self.pages_changed(Some(tab));
                    self.tabs_changed();
                }
                Event::Browser(FromBrowser::Guard(tab, what)) => self.guard_said(tab, what),
                Event::Browser(FromBrowser::Crashed(tab)) => {
                    self.tabs_changed();
                    self.tell_all(&Notice::Crashed { tab: Some(tab) });
                }
                Event::Browser(FromBrowser::Gone) | Event::CompositorGone => {
                    self.tell_all(&Notice::Crashed { tab: None });
                    return EndReason::Node;
                }
                Event::Cursor => {
                    let shape = *self.seen.cursor.borrow_and_update();
                    self.tell_all(&Notice::Cursor { shape });
                }
                Event::Field => {
                    self.seen.field.mark_unchanged();
                    self.tell_field();
                }
                Event::Titled => self.browser.active().into_iter().for_each(|tab| self.browser.ask_title(tab)),
                Event::Copied => self.ask_copied(),
                Event::Clipboard(text) => self.copied_by_customer(text),
                Event::HoldExpired => {
                    let outcome = self.gate.expire(self.now());
                    self.carry_out(None, outcome, Instant::now());
                }
            }
        }
    }

    fn over(&self) -> Over {
        match self.browser.dialog() {
            Some(dialog) if dialog.kind != DialogKind::Password => Over::Dialog,
            _ if self.browser.is_guarded() => Over::Guard,
            _ => Over::Nothing,
        }
    }

    async fn order(&mut self, order: Order) -> Option<EndReason> {
        match order {
            Order::Admit { participant, role, rights } => {
                self.gate.admit(participant, role, rights, self.now());
                let is_new = self.people.insert(participant, Admitted { role, rights }).is_none();
                self.welcome(participant);
                if is_new {
                    // Their page may have been there before it was known who they are.
                    self.hears_all(participant);
                }
                self.look();
            }
            Order::Allow { participant, rights } => {
                let outcome = self.gate.allow(participant, rights);
                self.carry_out(None, outcome, Instant::now());
                let person = self.people.get_mut(&participant)?;
                let (saw, audience) = (std::mem::replace(&mut person.rights, rights).view, person.role.audience());
                self.look();
                self.tell_sound_to(participant);
                if rights.view && !saw {
                    self.welcome(participant);
                    self.sees_drawings(participant);
                    self.request_keyframe(audience);
                    self.ask_masked();
                }
            }
            Order::Dismiss { participant } => {
                let outcome = self.gate.dismiss(participant);
                self.people.remove(&participant);
                self.listen(participant, false);
                self.carry_out(Some(participant), outcome, Instant::now());
            }
            Order::Answer { sdp } => {
                if let Some(publisher) = &self.publisher
                    && let Err(error) = publisher.answer(sdp.into_inner()).await
                {
                    self.failed(&error);
                }
            }
            Order::Reconnect => self.publish().await,
            Order::Navigate { url } => match address(url.reveal(), &self.gate.policy().sites) {
                Ok(url) => self.browser.open(&url),
                Err(reason) => self.tell_all(&Notice::Denied { id: None, reason }),
            },
            Order::Policy { policy } => {
                self.rules.send_modify(|rules| rules.sites = policy.sites.clone());
                self.browser.learn_soon(policy.clone());
                let outcome = self.gate.set_policy(policy);
                self.carry_out(None, outcome, Instant::now());
                self.look();
                self.tell_sound();
            }
            Order::File { transfer, ticket } => {
                self.browser.transfer(transfer, ticket);
                self.is_active();
            }
            Order::Release => return Some(EndReason::Api),
            Order::Prepare(_) | Order::Claim { .. } => tracing::warn!("order out of turn"),
        }
        None
    }

    /// Opens a connection to the SFU, in place of the one before.
    async fn publish(&mut self) {
        if let Some(old) = self.publisher.take() {
            tokio::spawn(old.close());
        }
        // A new queue, so that what the old connection still says is heard by nobody.
        self.from_publisher = mpsc::channel(1024);
        self.demands.clear();
        match Publisher::open(self.address, self.from_publisher.0.clone()).await {
            Ok((publisher, offer)) => {
                self.publisher = Some(publisher);
                self.reports.send(Report::Offer { sdp: offer.into() });
            }
            Err(error) => self.failed(&error),
        }
        self.look();
    }

    fn failed(&self, error: &PublisherError) {
        tracing::warn!(%error, "publisher");
        self.reports.count(Counter::PublishErrors);
    }

    async fn publisher_event(&mut self, event: FromPublisher) {
        let arrived = Instant::now();
        match event {
            FromPublisher::Connected => Audience::ALL.into_iter().for_each(|audience| self.request_keyframe(audience)),
            FromPublisher::KeyframeRequested(audience) => self.request_keyframe(audience),
            FromPublisher::Lost => self.publish().await,
            FromPublisher::Channel(FromChannel::Opened(who)) => self.page_came(who),
            FromPublisher::Channel(FromChannel::Demand(demand)) => {
                let before = self.demands.insert(demand.audience, demand).map_or(0, |d| d.subscribers);
                self.look();
                self.share();
                if demand.subscribers > before {
                    self.request_keyframe(demand.audience);
                    if demand.audience == Audience::Agent {
                        self.ask_masked();
                    }
                }
            }
            FromPublisher::Channel(FromChannel::Pointer(who, input)) => {
                self.acted(who);
                self.gate.set_guarded(self.browser.is_guarded());
                let outcome = self.gate.point(who, input, self.now());
                self.carry_out(Some(who), outcome, arrived);
            }
            FromPublisher::Channel(FromChannel::Control(who, input)) => {
                self.acted(who);
                self.gate.set_guarded(self.browser.is_guarded());
                self.reports.count(Counter::Inputs);
                let id = id_of(&input);
                let viewport = match &input {
                    tandem_protocol::input::ControlInput::Resize { viewport, .. } => Some(viewport.clamped()),
                    _ => None,
                };
                let listens = match &input {
                    tandem_protocol::input::ControlInput::Listen { listens } => Some(*listens),
                    _ => None,
                };
                self.reaching = match &input {
                    tandem_protocol::input::ControlInput::Reach { .. } => Some(who),
                    _ => self.reaching,
                };
                if let tandem_protocol::input::ControlInput::OpenLink { menu, .. } = &input
                    && !self.browser.native().is_of(*menu, who)
                {
                    return self.denied(who, id, Some(Denied::Role));
                }
                let outcome = self.gate.act(who, input, self.now());
                if let Some(at) = outcome.menu {
                    self.bare_menu(who, at);
                }
                if let Some(listens) = listens.filter(|_| outcome.denied.is_none()) {
                    self.listen(who, listens);
                }
                if let Some(viewport) = viewport.filter(|_| outcome.denied.is_none()) {
                    self.resized(viewport);
                }
                self.denied(who, id, outcome.denied);
                self.carry_out(Some(who), outcome, arrived);
                self.is_active();
            }
            FromPublisher::Channel(FromChannel::Listens(who)) => self.hears_all(who),
            FromPublisher::Channel(FromChannel::Talk(who, input)) => self.said(who, input),
            FromPublisher::Channel(FromChannel::Malformed(who, error)) => {
                tracing::debug!(%who, %error, "message refused");
                self.reports.count(Counter::Malformed);
            }
            FromPublisher::Channel(FromChannel::Closed(who)) => {
                let outcome = self.gate.act(who, tandem_protocol::input::ControlInput::ReleaseAll, self.now());
                self.carry_out(Some(who), outcome, arrived);
            }
        }
    }

    /// Remembers who is at it, since a page knows only whether it is the customer.
    fn acted(&mut self, who: ParticipantId) {
        let Some(person) = self.people.get(&who) else { return };
        let is_customer = person.role == Role::Customer;
        self.customer_acted = if is_customer { Some(Instant::now()) } else { self.customer_acted };
        *(if is_customer { &mut self.customer } else { &mut self.other }) = Some(who);
        self.vouched.set_customer_points(is_customer);
    }

    fn guard_said(&mut self, tab: TabId, what: FromGuard) {
        match what {
            FromGuard::Denied { why } => {
                if let Some(who) = self.other {
                    tracing::info!(%who, ?why, "denied");
                    self.denied(who, None, Some(why));
                }
            }
            FromGuard::Pointer { at, pressed } => {
                let (Some(participant), Some([x, y])) = (self.customer, at) else { return };
                self.followed += 1;
                let cursor = CursorNotice { participant, sequence: self.followed, x, y: y - STRIP as f32 };
                let Some(publisher) = &self.publisher else { return };
                for who in self.viewers(Audience::Agent) {
                    publisher.channels().show_cursor(who, &cursor);
                    if let Some(pressed) = pressed {
                        self.tell(who, &Notice::Press { participant, pressed });
                    }
                }
            }
            FromGuard::Touched { field } if self.browser.active() == Some(tab) => {
                self.tell_customers(&Notice::Touched { field });
            }
            FromGuard::Touched { .. } => {}
            FromGuard::Focus { hidden, suggests } => {
                self.vouched.set_focus(!hidden);
                self.seat.bubbles(suggests);
                self.tell_field();
            }
            FromGuard::Areas { areas } if self.browser.active() == Some(tab) => {
                let below = |[x, y, width, height]: [f32; 4]| [x, y - STRIP as f32, width, height];
                self.show_areas(areas.into_iter().take(MOST_AREAS).map(below).collect());
            }
            FromGuard::Areas { .. } => {}
            FromGuard::Closing { counter } => {
                self.closing = Some(counter);
                self.passed();
            }
            FromGuard::Print { title } => self.browser.print_page(tab, &title),
            FromGuard::Enlarged => self.browser.fit(tab),
            FromGuard::Menu(wanted) if self.browser.active() == Some(tab) => self.menu(*wanted),
            FromGuard::Menu(_) => {}
            FromGuard::Picker { picker } => self.picker(tab, picker.map(|opened| *opened)),
            FromGuard::Lacks { lack } => self.lacks(tab, lack),
            FromGuard::Icon { png, web } => self.icon(tab, png, web),
            FromGuard::Picked { id, thing } => {
                // What a rule could not hold is none.
                let thing = thing.filter(|thing| thing.element.check().is_empty()).map(|thing| {
                    let [x, y, width, height] = thing.area;
                    Thing { area: [x, y - STRIP as f32, width, height], ..*thing }
                });
                self.tell_customers(&Notice::Picked { id, thing });
            }
            FromGuard::Matches { lesson, masking, blocking } if self.browser.active() == Some(tab) => {
                self.tell_customers(&Notice::Matches { lesson, masking, blocking });
            }
            FromGuard::Matches { .. } => {}
            FromGuard::Outline { focus, nodes } if self.browser.active() == Some(tab) => {
                self.tell_outline(focus, nodes)
            }
            FromGuard::Outline { .. } => {}
            FromGuard::Reached { node, at: [x, y] } => self.reached(node, x, y),
            FromGuard::Anchors { places } => self.anchored(tab, places),
            FromGuard::Judged { id, clear } => self.judged(tab, id, clear),
            FromGuard::Found { found } => self.tell_customers(&Notice::Found { found }),
            FromGuard::Copied { text } => self.copied_by_other(text),
            FromGuard::Handed { url } => self.handed(url),
            FromGuard::Title { title } => {
                let was_shown = self.vouched.shows_icon(tab);
                self.vouched.set_title(tab, title);
                // Of a tab behind, only its guard tells that it changed.
                self.browser.ask_title(tab);
                self.tabs_changed();
                self.tell_icon_anew(tab, was_shown);
            }
        }
    }

    /// Does what was permitted, in order, and shows the others what they may know of it.
    fn carry_out(&mut self, who: Option<ParticipantId>, outcome: Outcome, arrived: Instant) {
        for permit in &outcome.permits {
            if let Err(reason) = self.seat.carry_out(permit, &mut self.browser, &self.gate.policy().sites)
                && let Some(who) = who
            {
                self.denied(who, None, Some(reason));
            }
            match permit.action() {
                Action::Tab { .. } => self.tabs_changed(),
                Action::Answer { .. } | Action::Navigate { .. } => self.tell_dialog(),
                Action::Choose { .. } => self.tell_picker(),
                _ => {}
            }
            if let Some((who, id)) = permit.input() {
                let dispatched = Instant::now();
                self.reports.took(Stage::Gate, dispatched - arrived);
                if let Some(person) = self.people.get(&who) {
                    self.photons[person.role.audience() as usize].dispatched(who, id, arrived, dispatched);
                }
            }
        }
        let (Some(who), Some(publisher)) = (who, &self.publisher) else { return };
        // Where the customer points may tell what is hidden: agents hear of it from the page's guard.
        let is_customers = self.people.get(&who).is_some_and(|person| person.role == Role::Customer);
        let agents = self.viewers(Audience::Agent).filter(|_| !is_customers);
        for other in self.viewers(Audience::Customer).chain(agents).filter(|other| *other != who) {
            if let Some(cursor) = &outcome.cursor {
                publisher.channels().show_cursor(other, cursor);
            }
            if let Some(pressed) = outcome.press {
                self.tell(other, &Notice::Press { participant: who, pressed });
            }
        }
    }

    fn is_active(&mut self) {
        if self.active.is_none_or(|at| at.elapsed() >= ACTIVE_EVERY) {
            self.active = Some(Instant::now());
            self.reports.send(Report::Active);
        }
    }

    fn now(&self) -> Millis {
        Millis(self.epoch.elapsed().as_millis() as u64)
    }
}

fn id_of(input: &tandem_protocol::input::ControlInput) -> Option<InputId> {
    use tandem_protocol::input::ControlInput::*;
    match input {
        Button { id, .. }
        | Wheel { id, .. }
        | Key { id, .. }
        | Text { id, .. }
        | Touch { id, .. }
        | Pick { id, .. } => Some(*id),
        NewTab
        | OpenLink { .. }
        | Listen { .. }
        | Sound { .. }
        | Reach { .. }
        | Choose { .. }
        | Answer { .. }
        | Find { .. }
        | File { .. } => None,
        Compose { .. } | ReleaseAll | Navigate { .. } | Tab { .. } | Resize { .. } | Hide { .. } | Matches => None,
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
