use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tandem_protocol::Audience;

/// Why something was not passed on.
#[derive(Debug, Clone, Copy)]
pub enum Dropped {
    /// A datagram of nobody who is connected.
    Stranger,
    /// A datagram or a packet that the stack refused.
    Malformed,
    /// A message over its sender's budget or too large.
    Flood,
    /// A message for a node that is not there.
    NoNode,
    /// The stack did not send it.
    Send,
    /// What somebody may not send, or is not to hear.
    Denied,
}

impl Dropped {
    fn name(self) -> &'static str {
        match self {
            Dropped::Stranger => "stranger",
            Dropped::Malformed => "malformed",
            Dropped::Flood => "flood",
            Dropped::NoNode => "no_node",
            Dropped::Send => "send",
            Dropped::Denied => "denied",
        }
    }
}

/// The SFU's metrics.
#[derive(Clone)]
pub struct SfuMetrics {
    packets_in: IntCounterVec,
    packets_out: IntCounterVec,
    sound_in: IntCounterVec,
    sound_out: IntCounterVec,
    dropped: IntCounterVec,
    /// Requests for an IDR: those that came, and those that went on.
    pub keyframe_requests: IntCounterVec,
    pub messages: IntCounterVec,
    pub forward: Histogram,
    pub rooms: IntGauge,
    pub peers: IntGauge,
}

impl SfuMetrics {
    pub fn new(registry: &Registry) -> prometheus::Result<SfuMetrics> {
        let opts = |name: &str, help: &str| Opts::new(format!("tandem_sfu_{name}"), help);
        let counters = |name: &str, help: &str, label: &str| -> prometheus::Result<IntCounterVec> {
            let counters = IntCounterVec::new(opts(name, help), &[label])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let gauge = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
            let gauge = IntGauge::with_opts(opts(name, help))?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let buckets = prometheus::exponential_buckets(0.000_005, 2.0, 14)?;
        let forward = opts("forward_seconds", "From a packet's arrival to all its subscribers' sockets.");
        let forward = Histogram::with_opts(HistogramOpts::from(forward).buckets(buckets))?;
        registry.register(Box::new(forward.clone()))?;
        Ok(SfuMetrics {
            packets_in: counters("packets_received_total", "Packets of pictures from nodes.", "audience")?,
            packets_out: counters("packets_forwarded_total", "Packets of pictures to subscribers.", "audience")?,
            sound_in: counters("sound_packets_received_total", "Packets of sound from nodes.", "audience")?,
            sound_out: counters("sound_packets_forwarded_total", "Packets of sound to who hears it.", "audience")?,
            dropped: counters("dropped_total", "What was not passed on.", "reason")?,
            keyframe_requests: counters("keyframe_requests_total", "Requests for an IDR.", "direction")?,
            messages: counters("channel_messages_total", "Data channel messages passed on.", "channel")?,
            forward,
            rooms: gauge("rooms", "Rooms now.")?,
            peers: gauge("peers", "Connections now.")?,
        })
    }

    pub(crate) fn received(&self, audience: Audience, kind: RtpCodecKind) {
        let packets = if kind == RtpCodecKind::Audio { &self.sound_in } else { &self.packets_in };
        packets.with_label_values(&[audience.as_str()]).inc();
    }

    pub(crate) fn forwarded(&self, audience: Audience, kind: RtpCodecKind, sent: u64) {
        let packets = if kind == RtpCodecKind::Audio { &self.sound_out } else { &self.packets_out };
        packets.with_label_values(&[audience.as_str()]).inc_by(sent);
    }

    pub(crate) fn dropped(&self, reason: Dropped) {
        self.dropped.with_label_values(&[reason.name()]).inc();
    }
}
