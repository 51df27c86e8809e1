use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use tandem_protocol::signal::{Refusal, Report, SessionState};

/// Signalling's metrics.
pub(crate) struct Metrics {
    sessions: IntGaugeVec,
    refused: IntCounterVec,
    /// Answers of the API by class of status.
    pub(crate) api: IntCounterVec,
    pub(crate) sockets: IntGauge,
    pub(crate) components: IntGauge,
    click_to_photon: HistogramVec,
    first_picture: HistogramVec,
}

const STATES: [(SessionState, &str); 6] = [
    (SessionState::Waiting, "waiting"),
    (SessionState::Consent, "consent"),
    (SessionState::Live, "live"),
    (SessionState::Paused, "paused"),
    (SessionState::Ended, "ended"),
    (SessionState::Failed, "failed"),
];

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Metrics> {
        let opts = |name: &str, help: &str| Opts::new(format!("tandem_signaling_{name}"), help);
        let histogram = |name: &str, help: &str, buckets: Vec<f64>| {
            HistogramVec::new(HistogramOpts::from(opts(name, help)).buckets(buckets), &["exact"])
        };
        let fine =
            [10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 150, 250, 500, 1000].map(|ms| f64::from(ms) / 1000.0);
        let metrics = Metrics {
            sessions: IntGaugeVec::new(opts("sessions", "Sessions by state."), &["state"])?,
            refused: IntCounterVec::new(opts("refusals_total", "What pages asked for and did not get."), &["reason"])?,
            api: IntCounterVec::new(opts("api_answers_total", "Answers of the API."), &["status"])?,
            sockets: IntGauge::with_opts(opts("sockets", "Pages connected now."))?,
            components: IntGauge::with_opts(opts("components", "Nodes and SFUs registered now."))?,
            click_to_photon: histogram(
                "click_to_photon_seconds",
                "From an input in a page to the picture that answers it.",
                fine.to_vec(),
            )?,
            first_picture: histogram(
                "first_picture_seconds",
                "From asking to join to the first picture.",
                prometheus::exponential_buckets(0.1, 1.5, 12)?,
            )?,
        };
        registry.register(Box::new(metrics.sessions.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.api.clone()))?;
        registry.register(Box::new(metrics.sockets.clone()))?;
        registry.register(Box::new(metrics.components.clone()))?;
        registry.register(Box::new(metrics.click_to_photon.clone()))?;
        registry.register(Box::new(metrics.first_picture.clone()))?;
        Ok(metrics)
    }

    pub(crate) fn refused(&self, reason: Refusal) {
        let name = match reason {
            Refusal::InvalidLink => "invalid_link",
            Refusal::NotYet => "not_yet",
            Refusal::NotAllowed => "not_allowed",
            Refusal::Malformed => "malformed",
            Refusal::NoCapacity => "no_capacity",
            Refusal::TooMany => "too_many",
        };
        self.refused.with_label_values(&[name]).inc();
    }

    /// What a page measured; nonsense is not counted.
    pub(crate) fn report(&self, report: Report) {
        let (histogram, milliseconds, exact) = match report {
            Report::ClickToPhoton { milliseconds, exact } => (&self.click_to_photon, milliseconds, exact),
            Report::FirstPicture { milliseconds } => (&self.first_picture, milliseconds, true),
        };
        if (0.0..=120_000.0).contains(&milliseconds) {
            let exact = if exact { "true" } else { "false" };
            histogram.with_label_values(&[exact]).observe(f64::from(milliseconds) / 1000.0);
        }
    }

    pub(crate) fn sessions(&self, states: &[SessionState]) {
        for (state, name) in STATES {
            let count = states.iter().filter(|s| **s == state).count();
            self.sessions.with_label_values(&[name]).set(count as i64);
        }
    }
}
