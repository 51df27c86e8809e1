//! The node: supervises its slots, and speaks for them to signalling.

pub mod slots;

use crate::handshake::{self, Order, Prepare, Report};
use crate::launcher::Launcher;
use crate::metrics::NodeMetrics;
use slots::{Claimed, STATES, Slot, Slots};
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tandem_component::{ControlConfig, Link, LinkError, LinkEvent};
use tandem_protocol::SessionId;
use tandem_protocol::control::{Claim, FromControl, NodeOrder, NodeReport, ToControl};
use tandem_protocol::signal::EndReason;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A worker that is not ready after so long is killed.
const WARM_UP: Duration = Duration::from_secs(30);
/// A worker that was told to end and does not is killed.
const GRACE: Duration = Duration::from_secs(5);
/// A worker that does not take its session in time is killed, and the session goes to another.
const HAND_OVER: Duration = Duration::from_secs(10);
/// After a failed start the next waits, twice as long each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a node is told.
#[derive(Debug, Clone)]
pub struct Config {
    pub slots: u32,
    /// Browsers kept up and proved for the next sessions.
    pub warm: u32,
    pub chromium: Option<PathBuf>,
    pub openh264: Option<PathBuf>,
    /// The address from which the SFU is reached.
    pub media_address: IpAddr,
    pub allow_private: Vec<String>,
    pub control: ControlConfig,
}

/// Why a node ended unasked.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the launcher ended")]
    Launcher,
}

/// A running node.
pub struct Node {
    /// What it still lacks to be ready; empty when it is.
    pub ready: watch::Receiver<String>,
    /// See [`debug_state`].
    pub states: States,
    /// Ends when the node has ended, all slots empty.
    pub task: tokio::task::JoinHandle<Result<(), NodeError>>,
}

impl Node {
    /// Starts supervising. Must be called within a tokio runtime.
    pub fn start(
        config: Config,
        launcher: Launcher,
        metrics: NodeMetrics,
        shutdown: CancellationToken,
    ) -> std::io::Result<Node> {
        let (ready, ready_seen) = watch::channel("the first browser is not up yet".to_owned());
        let states = Arc::default();
        let emptied = launcher.emptied()?;
        let (link, link_task) = tandem_component::dial(config.control.clone(), shutdown.clone());
        let (workers_in, from_workers) = mpsc::channel(1024);
        let supervisor = Supervisor {
            slots: Slots::new(config.slots, config.warm),
            config,
            launcher,
            metrics,
            workers: HashMap::new(),
            waiting: HashMap::new(),
            wait: FIRST_WAIT,
            not_before: None,
            reports: link.reports.clone(),
            workers_in,
            ready,
            states: Arc::clone(&states),
            ends: HashMap::new(),
        };
        let task = tokio::spawn(async move {
            let outcome = supervisor.run(link, emptied, from_workers, shutdown).await;
            link_task.await.unwrap_or(Ok(()))?;
            outcome
        });
        Ok(Node { ready: ready_seen, states, task })
    }
}

/// The state of each slot.
pub type States = Arc<Mutex<Vec<&'static str>>>;

/// For `/debug/state`: nothing in it is private.
pub fn debug_state(states: &States) -> serde_json::Value {
    serde_json::json!({ "slots": *states.lock().unwrap_or_else(PoisonError::into_inner) })
}

/// A session that no browser has taken yet.
struct Waiting {
    claim: Claim,
    /// A browser was lost before it took the session; the next one is the last.
    is_second: bool,
    /// Why the browser is lost, when it said so.
    why: Option<String>,
}

struct Worker {
    orders: mpsc::UnboundedSender<Order>,
    /// When it is killed, unless it has done before what it is to do.
    deadline: Option<Instant>,
}

struct Supervisor {
    config: Config,
    launcher: Launcher,
    metrics: NodeMetrics,
    slots: Slots,
    workers: HashMap<usize, Worker>,
    waiting: HashMap<SessionId, Waiting>,
    wait: Duration,
    not_before: Option<Instant>,
    reports: mpsc::Sender<ToControl>,
    workers_in: mpsc::Sender<(usize, Option<Report>)>,
    ready: watch::Sender<String>,
    states: States,
    /// Why sessions end, until their slot is empty.
    ends: HashMap<SessionId, EndReason>,
}

impl Supervisor {
    async fn run(
        mut self,
        mut link: Link,
        mut emptied: mpsc::UnboundedReceiver<u32>,
        mut from_workers: mpsc::Receiver<(usize, Option<Report>)>,
        shutdown: CancellationToken,
    ) -> Result<(), NodeError> {
        let outcome = loop {
            self.keep_warm();
            self.publish_state().await;
            let deadline = self.workers.values().filter_map(|w| w.deadline).chain(self.not_before).min();
            tokio::select! {
                () = shutdown.cancelled() => break Ok(()),
                event = link.events.recv() => match event {
                    Some(LinkEvent::Connected) => self.report_all().await,
                    Some(LinkEvent::Order(FromControl::Node { order })) => self.order(order).await,
                    // Sessions go on without signalling; people in them notice nothing.
                    Some(LinkEvent::Order(_) | LinkEvent::Lost) => {}
                    // The link's own task says why.
                    None => break Ok(()),
                },
                Some((slot, report)) = from_workers.recv() => self.worker_said(slot, report).await,
                slot = emptied.recv() => match slot {
                    Some(slot) => self.emptied(slot as usize).await,
                    None => break Err(NodeError::Launcher),
                },
                () = at(deadline) => self.overdue(),
            }
        };
        // Dropping the launcher empties all slots; it may take as long as processes take to die.
        let _ = tokio::task::spawn_blocking(move || drop(self.launcher)).await;
        outcome
    }

    fn keep_warm(&mut self) {
        if self.not_before.is_some_and(|at| at > Instant::now()) {
            return;
        }
        self.not_before = None;
        while let Some(slot) = self.slots.start_one() {
            self.start_worker(slot);
        }
    }

    fn start_worker(&mut self, slot: usize) {
        match self.launcher.launch(slot as u32).and_then(|socket| self.connect(slot, socket)) {
            Ok(()) => {}
            Err(error) => {
                tracing::error!(%error, slot, "worker not started");
                self.slots.became_empty(slot);
                self.failed();
            }
        }
    }

    fn connect(&mut self, slot: usize, socket: std::os::unix::net::UnixStream) -> std::io::Result<()> {
        socket.set_nonblocking(true)?;
        let (mut reports, orders) = handshake::open::<Report, Order>(tokio::net::UnixStream::from_std(socket)?);
        let prepare = Prepare {
            version: handshake::VERSION,
            directory: self.launcher.plan.slot_directory(slot as u32),
            chromium: self.config.chromium.clone(),
            openh264: self.config.openh264.clone(),
            media_address: self.config.media_address,
            signaling: self.config.control.authority().unwrap_or_default().to_owned(),
            allow_private: self.config.allow_private.clone(),
        };
        let _ = orders.send(Order::Prepare(prepare));
        self.workers.insert(slot, Worker { orders, deadline: Some(Instant::now() + WARM_UP) });
        let said = self.workers_in.clone();
        tokio::spawn(async move {
            while let Some(report) = reports.recv().await {
                if said.send((slot, Some(report))).await.is_err() {
                    return;
                }
            }
            let _ = said.send((slot, None)).await;
        });
        Ok(())
    }

    async fn order(&mut self, order: NodeOrder) {
        let (session, order) = match order {
            NodeOrder::Claim { session, claim } => {
                return self.claim(session, Waiting { claim, is_second: false, why: None }).await;
            }
            NodeOrder::Release { session } => return self.release(&session).await,
            NodeOrder::Admit { session, participant, role, rights } => {
                (session, Order::Admit { participant, role, rights })
            }
            NodeOrder::Allow { session, participant, rights } => (session, Order::Allow { participant, rights }),
            NodeOrder::Dismiss { session, participant } => (session, Order::Dismiss { participant }),
            NodeOrder::Answer { session, sdp } => (session, Order::Answer { sdp }),
            NodeOrder::Reconnect { session } => (session, Order::Reconnect),
            NodeOrder::Navigate { session, url } => (session, Order::Navigate { url }),
            NodeOrder::Policy { session, policy } => (session, Order::Policy { policy: *policy }),
            NodeOrder::File { session, transfer, ticket } => (session, Order::File { transfer, ticket }),
        };
        if let Some(slot) = self.slots.of(&session).filter(|slot| matches!(self.slots.all()[*slot], Slot::Claimed(_))) {
            self.tell(slot, order);
        }
    }

    fn tell(&self, slot: usize, order: Order) {
        if let Some(worker) = self.workers.get(&slot) {
            // A worker that is gone is about to be reported so.
            let _ = worker.orders.send(order);
        }
    }

    async fn claim(&mut self, session: SessionId, waiting: Waiting) {
        let (claimed, start) = self.slots.claim(session.clone());
        match claimed {
            Claimed::Now(slot) => {
                self.hand_over(slot, &waiting.claim);
                self.waiting.insert(session, waiting);
            }
            Claimed::Soon(slot) => {
                self.waiting.insert(session, waiting);
                if start {
                    self.start_worker(slot);
                }
            }
            Claimed::Full => self.refuse(session, "no slot is free").await,
            Claimed::Twice => self.refuse(session, "the session has a slot here already").await,
        }
    }

    fn hand_over(&mut self, slot: usize, claim: &Claim) {
        self.tell(slot, Order::Claim { claim: Box::new(claim.clone()) });
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.deadline = Some(Instant::now() + HAND_OVER);
        }
    }

    async fn refuse(&mut self, session: SessionId, message: &str) {
        self.report(NodeReport::Refused { session, message: message.into() }).await;
    }

    async fn release(&mut self, session: &SessionId) {
        self.waiting.remove(session);
        match self.slots.of(session) {
            Some(slot) => {
                self.ends.entry(session.clone()).or_insert(EndReason::Api);
                self.end(slot);
            }
            // Said again, so that signalling never waits for a session that is not here.
            None => self.report(NodeReport::Ended { session: session.clone(), reason: EndReason::Node }).await,
        }
    }

    /// Tells a worker to go; it is killed when it does not.
    fn end(&mut self, slot: usize) {
        self.slots.end(slot);
        self.tell(slot, Order::Release);
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.deadline = Some(Instant::now() + GRACE);
        }
    }

    async fn worker_said(&mut self, slot: usize, report: Option<Report>) {
        let session = self.slots.all()[slot].session().cloned();
        match (report, session) {
            (Some(Report::Ready { milliseconds }), _) => {
                self.metrics.warm_up.observe(milliseconds as f64 / 1000.0);
                self.wait = FIRST_WAIT;
                if let Some(worker) = self.workers.get_mut(&slot) {
                    worker.deadline = None;
                }
                self.ready.send_replace(String::new());
                let waited = self.slots.became_ready(slot);
                if let Some(waiting) = waited.and_then(|session| self.waiting.get(&session)) {
                    let claim = waiting.claim.clone();
                    self.hand_over(slot, &claim);
                }
            }
            // Unless it was released meanwhile.
            (Some(Report::Claimed), Some(session)) if self.waiting.remove(&session).is_some() => {
                if let Some(worker) = self.workers.get_mut(&slot) {
                    worker.deadline = None;
                }
                self.report(NodeReport::Claimed { session }).await;
            }
            (Some(Report::Failed { message }), session) => {
                tracing::error!(slot, "browser not usable: {message}");
                self.failed();
                if self.slots.ready() == 0 {
                    self.ready.send_replace(message.clone());
                }
                if let Some(waiting) = session.and_then(|session| self.waiting.get_mut(&session)) {
                    waiting.why = Some(message);
                }
                self.hang_up(slot);
            }
            (Some(Report::Tally { tally }), _) => self.metrics.add(&tally),
            (Some(Report::Offer { sdp }), Some(session)) => self.report(NodeReport::Offer { session, sdp }).await,
            (Some(Report::Tabs { tabs, at }), Some(session)) => {
                self.report(NodeReport::Tabs { session, tabs, at }).await
            }
            (Some(Report::Denied { participant, reason, times }), Some(session)) => {
                self.report(NodeReport::Denied { session, participant, reason, times }).await;
            }
            (Some(Report::Active), Some(session)) => self.report(NodeReport::Active { session }).await,
            (Some(Report::Ended { reason }), session) => {
                if let Some(session) = session {
                    self.ends.entry(session).or_insert(reason);
                }
                self.hang_up(slot);
            }
            (Some(Report::Claimed), _)
            | (Some(Report::Offer { .. } | Report::Tabs { .. } | Report::Active | Report::Denied { .. }), None) => {}
            // The launcher says when nothing is left.
            (None, _) => self.hang_up(slot),
        }
    }

    /// Closes a worker's socket, at which it ends.
    fn hang_up(&mut self, slot: usize) {
        self.slots.end(slot);
        self.workers.remove(&slot);
    }

    async fn emptied(&mut self, slot: usize) {
        let was = self.slots.all()[slot].clone();
        self.workers.remove(&slot);
        if !matches!(was, Slot::Ending(_)) {
            tracing::error!(slot, "a worker ended unasked");
            self.failed();
        }
        let Some(session) = self.slots.became_empty(slot) else { return };
        match self.waiting.remove(&session) {
            Some(Waiting { claim, is_second: false, .. }) => {
                let again = Waiting { claim, is_second: true, why: None };
                self.claim(session, again).await;
            }
            Some(Waiting { why, .. }) => {
                let why = why.unwrap_or_else(|| "the browser did not come up".into());
                self.refuse(session, &why).await;
            }
            None => {
                let reason = self.ends.remove(&session).unwrap_or(EndReason::Node);
                self.report(NodeReport::Ended { session, reason }).await;
            }
        }
    }

    fn failed(&mut self) {
        self.metrics.worker_failures.inc();
        self.not_before = Some(Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    fn overdue(&mut self) {
        let now = Instant::now();
        let overdue: Vec<usize> =
            self.workers.iter().filter(|(_, w)| w.deadline.is_some_and(|at| at <= now)).map(|(s, _)| *s).collect();
        for slot in overdue {
            tracing::warn!(slot, "a worker took too long and is killed");
            if let Some(worker) = self.workers.get_mut(&slot) {
                worker.deadline = None;
            }
            self.slots.end(slot);
            if let Err(error) = self.launcher.kill(slot as u32) {
                tracing::error!(%error, slot, "worker not killed");
            }
        }
    }

    /// After each registration signalling hears everything from the start.
    async fn report_all(&mut self) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.publish_state().await;
    }

    async fn publish_state(&mut self) {
        let states: Vec<&'static str> = self.slots.all().iter().map(Slot::state).collect();
        {
            let mut known = self.states.lock().unwrap_or_else(PoisonError::into_inner);
            if *known == states {
                return;
            }
            known.clone_from(&states);
        }
        for state in STATES {
            let count = states.iter().filter(|s| **s == state).count();
            self.metrics.slots.with_label_values(&[state]).set(count as i64);
        }
        let (total, free, ready) = (states.len() as u32, self.slots.free(), self.slots.ready());
        self.report(NodeReport::Slots { total, free, ready }).await;
    }

    async fn report(&mut self, report: NodeReport) {
        // The queue is full only while the link is down for long; then the oldest truths are told anew on return.
        if self.reports.try_send(ToControl::Node { report }).is_err() {
            tracing::warn!("a report to signalling was dropped");
        }
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
