use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use tandem_protocol::Role;
use tandem_protocol::signal::{Refusal, Report, ServerSignal, SessionState};

/// Signalling's metrics.
pub(crate) struct Metrics {
    sessions: IntGaugeVec,
    joins: IntCounterVec,
    refused: IntCounterVec,
    api: IntCounterVec,
    pub(crate) sockets: IntGauge,
    components: IntGaugeVec,
    pub(crate) claim: Histogram,
    click_to_photon: HistogramVec,
    first_picture: Histogram,
}

const STATES: [(SessionState, &str); 6] = [
    (SessionState::Waiting, "waiting"),
    (SessionState::Consent, "consent"),
    (SessionState::Live, "live"),
    (SessionState::Paused, "paused"),
    (SessionState::Ended, "ended"),
    (SessionState::Failed, "failed"),
];

/// A page cannot have measured more (milliseconds).
const LONGEST_REPORT: f32 = 120_000.0;

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Metrics> {
        let opts = |name: &str, help: &str| Opts::new(format!("tandem_signaling_{name}"), help);
        let histogram =
            |name: &str, help: &str, buckets: Vec<f64>| HistogramOpts::from(opts(name, help)).buckets(buckets);
        // Fine where people begin to feel it: 10 ms to 1 s.
        let fine =
            [10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 150, 250, 500, 1000].map(|ms| f64::from(ms) / 1000.0);
        let seconds = |first| prometheus::exponential_buckets(first, 1.6, 14);
        let click_help = "From an input in a page to the picture that answers it.";
        let first_help = "From asking to join to the first picture.";
        let claim_help = "From asking for a session to a node's browser for it.";
        let metrics = Metrics {
            sessions: IntGaugeVec::new(
                opts("sessions", "Sessions by state; those over are remembered for ten minutes."),
                &["state"],
            )?,
            joins: IntCounterVec::new(opts("joins_total", "Pages that joined or came back."), &["role"])?,
            refused: IntCounterVec::new(opts("refusals_total", "What pages asked for and did not get."), &["reason"])?,
            api: IntCounterVec::new(opts("api_answers_total", "Answers of the API."), &["route", "status"])?,
            sockets: IntGauge::with_opts(opts("sockets", "Pages connected now."))?,
            components: IntGaugeVec::new(opts("components", "Nodes and SFUs connected now."), &["kind"])?,
            claim: Histogram::with_opts(histogram("claim_seconds", claim_help, seconds(0.01)?))?,
            click_to_photon: HistogramVec::new(
                histogram("click_to_photon_seconds", click_help, fine.to_vec()),
                &["exact"],
            )?,
            first_picture: Histogram::with_opts(histogram("first_picture_seconds", first_help, seconds(0.05)?))?,
        };
        let all: [Box<dyn Collector>; 9] = [
            Box::new(metrics.sessions.clone()),
            Box::new(metrics.joins.clone()),
            Box::new(metrics.refused.clone()),
            Box::new(metrics.api.clone()),
            Box::new(metrics.sockets.clone()),
            Box::new(metrics.components.clone()),
            Box::new(metrics.claim.clone()),
            Box::new(metrics.click_to_photon.clone()),
            Box::new(metrics.first_picture.clone()),
        ];
        for collector in all {
            registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// What a page was told, where that is worth counting.
    pub(crate) fn told(&self, signal: &ServerSignal) {
        match signal {
            ServerSignal::Joined { role, .. } => self.joins.with_label_values(&[role_name(*role)]).inc(),
            ServerSignal::Refused { reason } => self.refused.with_label_values(&[refusal_name(*reason)]).inc(),
            ServerSignal::Elsewhere
            | ServerSignal::TakenOver
            | ServerSignal::State { .. }
            | ServerSignal::People { .. }
            | ServerSignal::Answer { .. }
            | ServerSignal::Reconnect
            | ServerSignal::Waiting { .. }
            | ServerSignal::Called { .. }
            | ServerSignal::Check { .. }
            | ServerSignal::Ticket { .. }
            | ServerSignal::Ended { .. } => {}
        }
    }

    /// An answer of the API. `route` is a pattern of ours, never what somebody sent.
    pub(crate) fn answered(&self, route: &str, status: u16) {
        let class = match status {
            ..400 => "ok",
            400..500 => "client_error",
            500.. => "server_error",
        };
        self.api.with_label_values(&[route, class]).inc();
    }

    pub(crate) fn components(&self, nodes: usize, sfus: usize) {
        self.components.with_label_values(&["node"]).set(nodes as i64);
        self.components.with_label_values(&["sfu"]).set(sfus as i64);
    }

    /// What a page measured; nonsense is not counted.
    pub(crate) fn report(&self, report: Report) {
        let (Report::ClickToPhoton { milliseconds, .. } | Report::FirstPicture { milliseconds }) = report;
        if !(0.0..=LONGEST_REPORT).contains(&milliseconds) {
            return;
        }
        let seconds = f64::from(milliseconds) / 1000.0;
        match report {
            Report::ClickToPhoton { exact, .. } => {
                let exact = if exact { "true" } else { "false" };
                self.click_to_photon.with_label_values(&[exact]).observe(seconds);
            }
            Report::FirstPicture { .. } => self.first_picture.observe(seconds),
        }
    }

    pub(crate) fn sessions(&self, states: &[SessionState]) {
        for (state, name) in STATES {
            let count = states.iter().filter(|s| **s == state).count();
            self.sessions.with_label_values(&[name]).set(count as i64);
        }
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
    }
}

fn refusal_name(reason: Refusal) -> &'static str {
    match reason {
        Refusal::InvalidLink => "invalid_link",
        Refusal::NotYet => "not_yet",
        Refusal::NotAllowed => "not_allowed",
        Refusal::Malformed => "malformed",
        Refusal::NoCapacity => "no_capacity",
        Refusal::TooMany => "too_many",
    }
}
