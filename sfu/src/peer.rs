//! One connection: a browser node's or a person's.

use crate::socket::Socket;
use crate::stun;
use rtc::interceptor::{
    BandwidthEstimator, CongestionControlBuilder, EstimatorStats, Gcc, PacketReport, Slot, TwccSenderBuilder,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCDtlsTransportState, RTCIceCandidate,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp::Packet;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use rtc::rtp_transceiver::{RTCRtpReceiverId, RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sansio::Protocol;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Until the first reports come, a line is thought to take so much (bits a second).
const FIRST_ESTIMATE: f64 = 8e6;
const LEAST_ESTIMATE: f64 = 1e5;
const LARGEST_ESTIMATE: f64 = 3e7;

/// Browsers ask for a keyframe when no picture has come for 3 s, also when that is because nothing changed (Chromium's
/// `max_wait_for_frame`). Whoever has lost something asks much sooner.
const BORED: Duration = Duration::from_millis(2_500);
/// Addresses that a connection may have proved to be its own: more come from nobody who is honest.
const MOST_ADDRESSES: usize = 8;
/// More than any sequence number.
const NOTHING: u32 = u32::MAX;

/// Why an offer has no answer. The stack's own words quote SDP, so they stay inside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error("the offer is no SDP that can be answered")]
    Offer,
    #[error("the connection does not start")]
    Start,
}

/// A connection and what is particular to it.
pub(crate) struct Connection {
    pub(crate) rtc: RTCPeerConnection,
    /// Names the connection in the other end's ICE checks.
    pub(crate) ufrag: String,
    /// Where it has proved by ICE to be, the latest last.
    pub(crate) addresses: Vec<SocketAddr>,
    /// From which of them it sent last, and where it wants to be sent to: a browser goes over to another of its addresses when it
    /// likes, or gets another one from its network, while the stack stays with the first that was nominated.
    pub(crate) path: Option<SocketAddr>,
    pub(crate) connected: bool,
    /// Nothing has come that proves it to be there for a while.
    pub(crate) is_silent: bool,
    picture: Option<Outgoing>,
    sound: Option<Outgoing>,
    line: Arc<Line>,
}

/// A track towards a person.
struct Outgoing {
    sender: RTCRtpSenderId,
    ssrc: u32,
    payload_type: u8,
    /// The negotiated id of the playout-delay extension.
    playout_delay: Option<u8>,
    /// The number of the last packet, and when it left.
    last: Option<(u16, Instant)>,
}

/// What the feedback of the other end says (transport-wide congestion control).
struct Line {
    /// Bits a second; 0 until it is known.
    estimate: AtomicU32,
    /// The number of the last packet that arrived, or [`NOTHING`].
    arrived: AtomicU32,
}

/// What an offer came to.
pub(crate) struct Answered {
    pub(crate) connection: Connection,
    pub(crate) sdp: String,
}

/// Whether tracks come or go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    FromNode,
    ToPerson,
}

pub(crate) fn answer(
    offer: String,
    direction: Direction,
    addresses: &[SocketAddr],
    now: Instant,
) -> Result<Answered, PeerError> {
    let offer = RTCSessionDescription::offer(offer).map_err(|_| PeerError::Offer)?;
    let takes_sound = offer.sdp.lines().any(|line| line.starts_with("m=audio "));
    let ssrc = rand::random();
    let line = Arc::new(Line { estimate: AtomicU32::new(0), arrived: AtomicU32::new(NOTHING) });
    let mut rtc = build(direction, ssrc, line.clone(), now).ok_or(PeerError::Start)?;
    let (mut picture, mut sound) = (None, None);
    match direction {
        Direction::ToPerson => {
            picture = Some(add_track(&mut rtc, RtpCodecKind::Video, ssrc)?);
            if takes_sound {
                sound = Some(add_track(&mut rtc, RtpCodecKind::Audio, rand::random())?);
            }
        }
        Direction::FromNode => {
            for _ in tandem_protocol::Audience::ALL {
                for kind in [RtpCodecKind::Video, RtpCodecKind::Audio] {
                    let init =
                        RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
                    rtc.add_transceiver_from_kind(kind, Some(init)).map_err(|_| PeerError::Start)?;
                }
            }
        }
    }
    rtc.set_remote_description(now, offer).map_err(|_| PeerError::Offer)?;
    for address in addresses {
        add_candidate(&mut rtc, *address).ok_or(PeerError::Start)?;
    }
    let answer = rtc.create_answer(None).map_err(|_| PeerError::Offer)?;
    rtc.set_local_description(now, answer).map_err(|_| PeerError::Offer)?;
    let sdp = rtc.local_description().ok_or(PeerError::Offer)?.sdp;
    let ufrag =
        sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).ok_or(PeerError::Offer)?.trim().to_owned();
    let picture = picture.map(|added| negotiated(&mut rtc, added).ok_or(PeerError::Offer)).transpose()?;
    // Whoever has no Opus sees, and hears nothing.
    let sound = sound.and_then(|added| negotiated(&mut rtc, added));
    let connection = Connection {
        rtc,
        ufrag,
        addresses: Vec::new(),
        path: None,
        connected: false,
        is_silent: false,
        picture,
        sound,
        line,
    };
    Ok(Answered { connection, sdp })
}

fn build(direction: Direction, ssrc: u32, line: Arc<Line>, now: Instant) -> Option<RTCPeerConnection> {
    let (media, mut interceptors) = tandem_media::engine().ok()?;
    if direction == Direction::ToPerson {
        let inner = Gcc::new(FIRST_ESTIMATE, LEAST_ESTIMATE, LARGEST_ESTIMATE);
        let estimator = Estimator { inner, ssrc, line };
        // No pacer: a picture goes at once, and a line that cannot take it shows in the estimate.
        interceptors = interceptors
            .with(Slot::CongestionControl, CongestionControlBuilder::new(estimator).build())
            .with(Slot::TwccSender, TwccSenderBuilder::new().build());
    }
    let settings = SettingEngineBuilder::new()
        .with_lite(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        // It would give up whoever sends from another address than at first; the driver sees for itself who is there.
        .with_ice_timeouts(Some(Duration::ZERO), Some(Duration::ZERO), None)
        .with_srtp_protection_profiles(tandem_media::SRTP_PROFILES.to_vec())
        .build();
    RTCPeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().build())
        .with_setting_engine(settings)
        .with_media_engine(media)
        .with_interceptor_registry(interceptors)
        .build(now)
        .ok()
}

/// A track that was added to a connection, before the other end agreed to it.
struct Added {
    sender: RTCRtpSenderId,
    ssrc: u32,
    codec: RTCRtpCodec,
}

/// Adds the picture, or the sound. They are of two streams, so that the picture is not held back for the sound.
fn add_track(rtc: &mut RTCPeerConnection, kind: RtpCodecKind, ssrc: u32) -> Result<Added, PeerError> {
    let (stream, name, codec) = match kind {
        RtpCodecKind::Audio => ("tandem-sound", "sound", tandem_media::sound_codec()),
        _ => ("tandem", "screen", tandem_media::codec()),
    };
    let rtp_coding_parameters = RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() };
    let encoding = RTCRtpEncodingParameters { rtp_coding_parameters, codec: codec.clone(), ..Default::default() };
    let track = MediaStreamTrack::new(stream.into(), name.into(), name.into(), kind, vec![encoding]);
    let sender = rtc.add_track(track).map_err(|_| PeerError::Start)?;
    Ok(Added { sender, ssrc, codec })
}

fn add_candidate(rtc: &mut RTCPeerConnection, address: SocketAddr) -> Option<()> {
    let (ip, port) = (address.ip().to_string(), address.port());
    let base_config = CandidateConfig { network: "udp".into(), address: ip, port, component: 1, ..Default::default() };
    let candidate = CandidateHostConfig { base_config, ..Default::default() }.new_candidate_host().ok()?;
    rtc.add_local_candidate(RTCIceCandidate::from(&candidate).to_json().ok()?).ok()
}

/// What the other end agreed to for a track of ours. The ids in packets must be these: others are refused or, worse,
/// vanish.
fn negotiated(rtc: &mut RTCPeerConnection, added: Added) -> Option<Outgoing> {
    let Added { sender, ssrc, codec } = added;
    let mut rtp_sender = rtc.rtp_sender(sender)?;
    let parameters = &rtp_sender.get_parameters().rtp_parameters;
    let agreed = parameters.codecs.iter().find(|c| c.rtp_codec.mime_type.eq_ignore_ascii_case(&codec.mime_type))?;
    let payload_type = agreed.payload_type;
    let extension = parameters.header_extensions.iter().find(|e| e.uri == tandem_media::PLAYOUT_DELAY);
    Some(Outgoing { sender, ssrc, payload_type, playout_delay: extension.map(|e| e.id as u8), last: None })
}

impl Connection {
    /// Sends a node's packet on to this person under its new number, with its time stamp as it is.
    pub(crate) fn forward(&mut self, kind: RtpCodecKind, packet: &Packet, sequence: u16, now: Instant) -> bool {
        let track = if kind == RtpCodecKind::Audio { &mut self.sound } else { &mut self.picture };
        let Some(outgoing) = track.as_mut().filter(|_| self.connected) else { return false };
        let mut packet = packet.clone();
        packet.header.ssrc = outgoing.ssrc;
        packet.header.payload_type = outgoing.payload_type;
        packet.header.sequence_number = sequence;
        packet.header.extension = false;
        packet.header.extensions.clear();
        if let Some(id) = outgoing.playout_delay {
            // Least and most delay, 12 bits each: none at all.
            let none = bytes::Bytes::from_static(&[0, 0, 0]);
            if packet.header.set_extension(id, none).is_err() {
                return false;
            }
        }
        outgoing.last = Some((sequence, now));
        self.rtc.rtp_sender(outgoing.sender).is_some_and(|mut sender| sender.write_rtp(now, packet).is_ok())
    }

    /// Whether this person has the latest picture, and asks for a keyframe only because nothing changes.
    pub(crate) fn is_bored(&self, now: Instant) -> bool {
        let last = self.picture.as_ref().and_then(|picture| picture.last);
        last.is_some_and(|(sequence, at)| {
            now.saturating_duration_since(at) >= BORED
                && self.line.arrived.load(Ordering::Relaxed) == u32::from(sequence)
        })
    }

    /// Whether a receiver is for pictures or for sound.
    pub(crate) fn kind_of(&mut self, receiver: RTCRtpReceiverId) -> Option<RtpCodecKind> {
        Some(self.rtc.rtp_receiver(receiver)?.track().kind())
    }

    /// Whether the other end has said goodbye (a DTLS `close_notify`).
    pub(crate) fn is_over(&self) -> bool {
        self.rtc.sctp().is_some_and(|sctp| sctp.transport().state() == RTCDtlsTransportState::Closed)
    }

    /// What this person's line takes, once it is known.
    pub(crate) fn estimate(&self) -> Option<u32> {
        Some(self.line.estimate.load(Ordering::Relaxed)).filter(|bits| *bits > 0)
    }

    /// Sends what is to be sent: answers to checks to where these came from, the rest to where the other end is now. Gives the
    /// addresses that have just been proved.
    pub(crate) fn flush(&mut self, socket: &Socket) -> Vec<SocketAddr> {
        let (mut run, mut run_to, mut proved) = (Vec::new(), None, Vec::new());
        while let Some(datagram) = self.rtc.poll_write() {
            let mut to = datagram.transport.peer_addr;
            if stun::accepts(&datagram.message) {
                proved.push(to);
            } else if !stun::is(&datagram.message) {
                to = self.path.unwrap_or(to);
            }
            if let Some(before) = run_to.replace(to).filter(|before| *before != to) {
                socket.send(before, &run);
                run.clear();
            }
            run.push(datagram.message);
        }
        if let Some(to) = run_to {
            socket.send(to, &run);
        }
        proved
    }

    /// Remembers an address that it has proved; gives one that makes room for it.
    pub(crate) fn proved(&mut self, address: SocketAddr) -> Option<SocketAddr> {
        self.addresses.retain(|other| *other != address);
        self.addresses.push(address);
        let old = (self.addresses.len() > MOST_ADDRESSES).then(|| self.addresses.remove(0));
        self.path.take_if(|path| Some(*path) == old);
        old
    }
}

/// Google congestion control; what it learns can be read from outside.
struct Estimator {
    inner: Gcc,
    /// The track's; retransmissions have another.
    ssrc: u32,
    line: Arc<Line>,
}

impl BandwidthEstimator for Estimator {
    fn on_reports(&mut self, now: Instant, reports: &[PacketReport]) {
        self.inner.on_reports(now, reports);
        self.line.estimate.store(self.inner.target_bitrate() as u32, Ordering::Relaxed);
        if let Some(last) =
            reports.iter().filter(|report| report.ssrc == self.ssrc && report.arrived).max_by_key(|r| r.id)
        {
            self.line.arrived.store(last.rtp_sequence_number.into(), Ordering::Relaxed);
        }
    }

    fn target_bitrate(&self) -> f64 {
        self.inner.target_bitrate()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.inner.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.inner.poll_timeout()
    }

    fn stats(&self) -> EstimatorStats {
        self.inner.stats()
    }
}
