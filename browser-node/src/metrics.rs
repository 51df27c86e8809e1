//! What a worker measures, and the node's metrics made of it. The worker has no endpoint: it sends what it gathered.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_masking::Shows;
use tandem_protocol::notice::Denied;

/// What is counted in a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    Frames,
    Keyframes,
    EncodedBytes,
    SoundPackets,
    SoundBytes,
    Inputs,
    Malformed,
    PublishErrors,
    EgressAllowed,
    EgressRefused,
}

impl Counter {
    const ALL: [(Counter, &str, &str); 10] = [
        (Counter::Frames, "frames_total", "Pictures encoded."),
        (Counter::Keyframes, "keyframes_total", "Pictures encoded as IDR."),
        (Counter::EncodedBytes, "encoded_bytes_total", "Bytes of H.264 that came out of the encoders."),
        (Counter::SoundPackets, "sound_packets_total", "Packets of sound that came out of the encoders."),
        (Counter::SoundBytes, "sound_bytes_total", "Bytes of Opus that came out of the encoders."),
        (Counter::Inputs, "inputs_total", "Inputs that came by the reliable channel."),
        (Counter::Malformed, "malformed_messages_total", "Messages of participants that were none of ours."),
        (Counter::PublishErrors, "publish_errors_total", "Steps towards the SFU that failed."),
        (Counter::EgressAllowed, "egress_allowed_total", "Connections that browsers were let make."),
        (Counter::EgressRefused, "egress_refused_total", "Connections that browsers were refused."),
    ];
}

/// What is timed in a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// An input's arrival to its hand-over to Chromium.
    Gate,
    /// Hand-over to Chromium's next commit.
    Commit,
    /// A commit of Chromium's to the beginning of its encoding.
    Capture,
    /// A picture's time in the encoder.
    Encode,
    /// The end of the encoding to the hand-over to the kernel.
    Publish,
}

impl Stage {
    const ALL: [(Stage, &str, &str); 5] = [
        (Stage::Gate, "gate_seconds", "From an input's arrival to its hand-over to Chromium."),
        (Stage::Commit, "commit_seconds", "From an input's hand-over to Chromium's next commit."),
        (Stage::Capture, "capture_seconds", "From a commit to the beginning of its encoding."),
        (Stage::Encode, "encode_seconds", "Time of one picture in the encoder."),
        (Stage::Publish, "publish_seconds", "From the end of the encoding to the hand-over to the network."),
    ];
}

const REASONS: [(Denied, &str); 11] = [
    (Denied::Role, "role"),
    (Denied::Busy, "busy"),
    (Denied::Shortcut, "shortcut"),
    (Denied::Site, "site"),
    (Denied::Address, "address"),
    (Denied::Asked, "asked"),
    (Denied::Tabs, "tabs"),
    (Denied::Flood, "flood"),
    (Denied::Masked, "masked"),
    (Denied::Blocked, "blocked"),
    (Denied::Typing, "typing"),
];

/// Why agents' pictures stood still: what the page's frames said of themselves.
const WITHHELD: [(Shows, &str); 4] = [
    (Shows::Clear, "not_asked"),
    (Shows::Unproved, "not_proved"),
    (Shows::Broken, "broken_proof"),
    (Shows::Unmarked, "no_marker"),
];

/// Times kept between two reports; beyond it the oldest go uncounted rather than the worker's memory.
const TIMES: usize = 4096;

/// What a worker measured since it last said so.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tally {
    counters: [u64; Counter::ALL.len()],
    denied: [u64; REASONS.len()],
    withheld: [u64; WITHHELD.len()],
    /// Seconds, by stage.
    times: [Vec<f32>; Stage::ALL.len()],
}

impl Tally {
    pub fn count(&mut self, counter: Counter, by: u64) {
        self.counters[counter as usize] += by;
    }

    pub fn denied(&mut self, reason: Denied) {
        if let Some(place) = REASONS.iter().position(|(known, _)| *known == reason) {
            self.denied[place] += 1;
        }
    }

    pub fn withheld(&mut self, shows: Shows) {
        if let Some(place) = WITHHELD.iter().position(|(known, _)| *known == shows) {
            self.withheld[place] += 1;
        }
    }

    pub fn took(&mut self, stage: Stage, time: Duration) {
        let times = &mut self.times[stage as usize];
        if times.len() < TIMES {
            times.push(time.as_secs_f32());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.counters.iter().chain(&self.denied).chain(&self.withheld).all(|n| *n == 0)
            && self.times.iter().all(Vec::is_empty)
    }
}

/// The node's metrics.
#[derive(Clone)]
pub struct NodeMetrics {
    counters: Vec<IntCounter>,
    denied: IntCounterVec,
    withheld: IntCounterVec,
    times: Vec<Histogram>,
    /// Slots by state.
    pub slots: IntGaugeVec,
    /// Time from a worker's start to its proof.
    pub warm_up: Histogram,
    /// Workers that ended otherwise than by release.
    pub worker_failures: IntCounter,
}

impl NodeMetrics {
    pub fn new(registry: &Registry) -> prometheus::Result<NodeMetrics> {
        let opts = |name: &str, help: &str| Opts::new(format!("tandem_node_{name}"), help);
        let histogram = |name: &str, help: &str, start: f64| {
            let buckets = prometheus::exponential_buckets(start, 1.6, 16)?;
            Histogram::with_opts(HistogramOpts::from(opts(name, help)).buckets(buckets))
        };
        let counters = Counter::ALL
            .iter()
            .map(|(_, name, help)| IntCounter::with_opts(opts(name, help)))
            .collect::<Result<Vec<_>, _>>()?;
        let times =
            Stage::ALL.iter().map(|(_, name, help)| histogram(name, help, 0.000_1)).collect::<Result<Vec<_>, _>>()?;
        let denied = IntCounterVec::new(opts("denied_inputs_total", "Inputs refused by the gate."), &["reason"])?;
        let withheld =
            IntCounterVec::new(opts("withheld_total", "Times that agents' pictures stood still."), &["reason"])?;
        let slots = IntGaugeVec::new(opts("slots", "Slots by state."), &["state"])?;
        let warm_up = histogram("warm_up_seconds", "From a worker's start to its proof.", 0.1)?;
        let worker_failures = IntCounter::with_opts(opts("worker_failures_total", "Workers that ended unasked."))?;
        let metrics = NodeMetrics { counters, denied, withheld, times, slots, warm_up, worker_failures };
        let each = |c: Box<dyn Collector>| registry.register(c);
        metrics.counters.iter().try_for_each(|c| each(Box::new(c.clone())))?;
        metrics.times.iter().try_for_each(|c| each(Box::new(c.clone())))?;
        each(Box::new(metrics.denied.clone()))?;
        each(Box::new(metrics.withheld.clone()))?;
        each(Box::new(metrics.slots.clone()))?;
        each(Box::new(metrics.warm_up.clone()))?;
        each(Box::new(metrics.worker_failures.clone()))?;
        Ok(metrics)
    }

    /// Adds what a worker measured.
    pub fn add(&self, tally: &Tally) {
        self.counters.iter().zip(tally.counters).for_each(|(counter, by)| counter.inc_by(by));
        for ((_, name), by) in REASONS.iter().zip(tally.denied) {
            self.denied.with_label_values(&[name]).inc_by(by);
        }
        for ((_, name), by) in WITHHELD.iter().zip(tally.withheld) {
            self.withheld.with_label_values(&[name]).inc_by(by);
        }
        for (histogram, times) in self.times.iter().zip(&tally.times) {
            times.iter().for_each(|time| histogram.observe(f64::from(*time)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_reaches_the_metrics() {
        let registry = Registry::new();
        let metrics = NodeMetrics::new(&registry).unwrap();
        let mut tally = Tally::default();
        assert!(tally.is_empty());
        tally.count(Counter::EncodedBytes, 500);
        tally.denied(Denied::Flood);
        tally.withheld(Shows::Unmarked);
        tally.took(Stage::Gate, Duration::from_millis(2));
        let over_the_wire: Tally = serde_json::from_str(&serde_json::to_string(&tally).unwrap()).unwrap();
        metrics.add(&over_the_wire);
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            "tandem_node_encoded_bytes_total 500",
            "tandem_node_denied_inputs_total{reason=\"flood\"} 1",
            "tandem_node_withheld_total{reason=\"no_marker\"} 1",
            "tandem_node_gate_seconds_count 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn names_stand_in_the_order_of_their_enums() {
        assert!(Counter::ALL.iter().enumerate().all(|(i, (counter, ..))| *counter as usize == i));
        assert!(Stage::ALL.iter().enumerate().all(|(i, (stage, ..))| *stage as usize == i));
    }
}
