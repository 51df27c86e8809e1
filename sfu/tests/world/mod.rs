//! An SFU with signalling's end of its link in the test's hands, and peers with a WebRTC stack of their own.

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use prometheus::Registry;
use prometheus::proto::Metric;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp::Packet;
use rtc::rtp::header::Header;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tandem_component::{ControlConfig, Secret};
use tandem_protocol::control::{Component, Connection, FromControl, Peer, PeerName, SfuOrder, SfuReport, ToControl};
use tandem_protocol::input::channel;
use tandem_protocol::{Audience, ParticipantId, Rights, Role, SessionId, limits, parse, to_json};
use tandem_sfu::{Config, Sfu, SfuMetrics};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_local::{TrackLocal, TrackLocalEvent};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What a page opens.
pub const CHANNELS: [&str; 3] = [channel::POINTER, channel::CONTROL, channel::TALK];
/// What begins an IDR, and what does not (the first byte of an H.264 unit).
pub const KEYFRAME: u8 = 0x65;
pub const DELTA: u8 = 0x41;

pub struct World {
    pub sfu: Sfu,
    control: WebSocketStream<TcpStream>,
    heard: Vec<SfuReport>,
    registry: Registry,
    shutdown: CancellationToken,
}

impl World {
    pub async fn new() -> World {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let url = format!("ws://{}/control", listener.local_addr().unwrap());
        let (registry, shutdown) = (Registry::new(), CancellationToken::new());
        let key = Secret::random();
        let control = ControlConfig { url, key, name: "sfu".parse().unwrap(), component: Component::Sfu };
        let config = Config { media_port: 0, media_addresses: vec![LOOPBACK], control };
        let sfu = Sfu::start(config, SfuMetrics::new(&registry).unwrap(), shutdown.clone()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let control = tokio_tungstenite::accept_async(stream).await.unwrap();
        let mut world = World { sfu, control, heard: Vec::new(), registry, shutdown };
        assert!(matches!(world.next().await, ToControl::Register { component: Component::Sfu, .. }));
        world.say(&FromControl::Registered { lease_seconds: 60 }).await;
        world.sfu.ready.wait_for(String::is_empty).await.unwrap();
        world
    }

    async fn say(&mut self, message: &FromControl) {
        self.control.send(Message::text(to_json(message))).await.unwrap();
    }

    async fn next(&mut self) -> ToControl {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.control.next()).await.expect("a report in time");
            if let Message::Text(text) = message.expect("the link stands").unwrap() {
                return parse(text.as_bytes(), limits::COMPONENT).unwrap();
            }
        }
    }

    pub async fn order(&mut self, order: SfuOrder) {
        self.say(&FromControl::Sfu { order }).await;
    }

    /// The first report of this kind that has not been heard yet.
    pub async fn hears<T>(&mut self, is: impl Fn(&SfuReport) -> Option<T>) -> T {
        loop {
            if let Some(at) = self.heard.iter().position(|report| is(report).is_some()) {
                return is(&self.heard.remove(at)).unwrap();
            }
            if let ToControl::Sfu { report } = self.next().await {
                self.heard.push(report);
            }
        }
    }

    pub async fn hears_that(&mut self, session: &SessionId, peer: PeerName, state: Connection) {
        let wanted = SfuReport::Connection { session: session.clone(), peer, state };
        self.hears(|report| (*report == wanted).then_some(())).await;
    }

    /// The SFU's answer to an offer.
    pub async fn join(&mut self, session: &SessionId, peer: Peer, sdp: &str) -> Result<String, String> {
        self.order(SfuOrder::Join { session: session.clone(), peer, sdp: sdp.to_owned().into() }).await;
        self.hears(|report| match report {
            SfuReport::Answer { peer: name, sdp, .. } if *name == peer.name() => Some(Ok(sdp.reveal().clone())),
            SfuReport::Refused { peer: name, message, .. } if *name == peer.name() => Some(Err(message.clone())),
            _ => None,
        })
        .await
    }

    pub async fn node(&mut self, session: &SessionId) -> Node {
        let mut node = Node::offer().await;
        let answer = self.join(session, Peer::Publisher, &node.wire.offer).await.unwrap();
        node.wire.take(answer).await;
        self.hears_that(session, PeerName::Publisher, Connection::Connected).await;
        node.wire.hears(|event| matches!(event, Event::Opened(label) if label == channel::SFU).then_some(())).await;
        node
    }

    pub async fn person(&mut self, session: &SessionId, id: u32, role: Role) -> Wire {
        self.person_by(session, id, role, |answer| answer).await
    }

    /// A person whose datagrams go by a router.
    pub async fn person_behind(&mut self, router: &Router, session: &SessionId, id: u32, role: Role) -> Wire {
        let (own, routers) = (self.sfu.port.to_string(), router.port.to_string());
        self.person_by(session, id, role, |answer| answer.replace(&format!(" {own} typ"), &format!(" {routers} typ")))
            .await
    }

    async fn person_by(&mut self, session: &SessionId, id: u32, role: Role, way: impl Fn(String) -> String) -> Wire {
        let mut person = Wire::person().await;
        let participant = ParticipantId(id);
        let peer = Peer::Subscriber { participant, role, rights: Rights::ALL };
        let answer = self.join(session, peer, &person.offer).await.unwrap();
        person.take(way(answer)).await;
        self.hears_that(session, PeerName::Participant { id: participant }, Connection::Connected).await;
        for label in CHANNELS {
            person.opened(label).await;
        }
        person
    }

    /// Waits until something is true of what has been counted.
    pub async fn until(&self, is: impl Fn(&World) -> bool) {
        let wait = async {
            while !is(self) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it to be so in time");
    }

    /// A counter's value; 0 when nothing has been counted.
    pub fn count(&self, name: &str, label: &str) -> u64 {
        let labelled = |metric: &&Metric| metric.get_label().iter().any(|pair| pair.value() == label);
        self.metrics(name).iter().find(labelled).map_or(0, |metric| metric.get_counter().get_value() as u64)
    }

    /// Connections now.
    pub fn peers(&self) -> usize {
        self.metrics("peers")[0].get_gauge().get_value() as usize
    }

    fn metrics(&self, name: &str) -> Vec<Metric> {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == format!("tandem_sfu_{name}"));
        family.map(|family| family.get_metric().to_vec()).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Stands between one person and the SFU, as a home's router does: the SFU sees its addresses alone.
pub struct Router {
    pub port: u16,
    /// Its address on the SFU's side: another at each change, none while the line is cut.
    outside: watch::Sender<Option<Arc<UdpSocket>>>,
}

impl Router {
    pub async fn to(world: &World) -> Router {
        let inside = Arc::new(UdpSocket::bind((LOOPBACK, 0)).await.unwrap());
        let port = inside.local_addr().unwrap().port();
        let sfu = SocketAddr::new(LOOPBACK, world.sfu.port);
        let (outside, mut line) = watch::channel(None::<Arc<UdpSocket>>);
        tokio::spawn(async move {
            let (mut upwards, mut downwards) = (vec![0; 2048], vec![0; 2048]);
            let mut person = None;
            loop {
                let now = line.borrow_and_update().clone();
                let arrives = async {
                    match &now {
                        Some(socket) => socket.recv_from(&mut downwards).await.unwrap().0,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    changed = line.changed() => if changed.is_err() { return },
                    received = inside.recv_from(&mut upwards) => {
                        let (length, from) = received.unwrap();
                        person = Some(from);
                        if let Some(socket) = &now { socket.send_to(&upwards[..length], sfu).await.unwrap(); }
                    }
                    length = arrives => if let Some(person) = person {
                        inside.send_to(&downwards[..length], person).await.unwrap();
                    },
                }
            }
        });
        let router = Router { port, outside };
        router.moves().await;
        router
    }

    /// Its provider gives it another address.
    pub async fn moves(&self) {
        self.outside.send_replace(Some(Arc::new(UdpSocket::bind((LOOPBACK, 0)).await.unwrap())));
    }

    pub fn is_cut(&self) {
        self.outside.send_replace(None);
    }
}

pub fn session(number: u8) -> SessionId {
    SessionId::from_random([number; 16])
}

#[derive(Debug)]
pub enum Event {
    Gathered,
    Packet(Packet),
    Sound(Packet),
    KeyframeRequested,
    Opened(String),
    /// A channel's label, and what came by it.
    Message(String, Vec<u8>),
    Closed(String),
}

/// One end's connection to the SFU.
pub struct Wire {
    pub offer: String,
    connection: Arc<dyn PeerConnection>,
    events: mpsc::UnboundedReceiver<Event>,
    heard: Vec<Event>,
    channels: Channels,
    tracks: mpsc::UnboundedReceiver<Arc<dyn TrackRemote>>,
}

type Channels = Arc<std::sync::Mutex<HashMap<String, Arc<dyn DataChannel>>>>;

impl Wire {
    async fn open(prepare: impl AsyncFnOnce(&Arc<dyn PeerConnection>, &Handler)) -> Wire {
        let (events, received) = mpsc::unbounded_channel();
        let (found, tracks) = mpsc::unbounded_channel();
        let handler = Handler { events, tracks: found, channels: Channels::default() };
        let (media, interceptors) = tandem_media::engine().unwrap();
        let settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            .with_srtp_protection_profiles(tandem_media::SRTP_PROFILES.to_vec())
            .build();
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(media)
            .with_interceptor_registry(interceptors)
            .with_setting_engine(settings)
            .with_handler(Arc::new(handler.clone()))
            .with_udp_addrs(vec![SocketAddr::new(LOOPBACK, 0)])
            .build()
            .await
            .unwrap();
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);
        prepare(&connection, &handler).await;
        let offer = connection.create_offer(None).await.unwrap();
        connection.set_local_description(offer).await.unwrap();
        let channels = handler.channels.clone();
        let mut wire = Wire { offer: String::new(), connection, events: received, heard: Vec::new(), channels, tracks };
        wire.hears(|event| matches!(event, Event::Gathered).then_some(())).await;
        wire.offer = wire.connection.local_description().await.unwrap().sdp;
        wire
    }

    /// A page's: one picture and its sound to receive, and the three channels.
    pub async fn person() -> Wire {
        Wire::open(async |connection, handler| {
            for kind in [RtpCodecKind::Video, RtpCodecKind::Audio] {
                let direction = RTCRtpTransceiverDirection::Recvonly;
                let init = RTCRtpTransceiverInit { direction, ..Default::default() };
                connection.add_transceiver_from_kind(kind, Some(init)).await.unwrap();
            }
            for label in CHANNELS {
                handler.serve(connection.create_data_channel(label, None).await.unwrap());
            }
        })
        .await
    }

    pub async fn take(&self, answer: String) {
        self.connection.set_remote_description(RTCSessionDescription::answer(answer).unwrap()).await.unwrap();
    }

    /// The first event of this kind that has not been heard yet.
    pub async fn hears<T>(&mut self, is: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            if let Some(at) = self.heard.iter().position(|event| is(event).is_some()) {
                return is(&self.heard.remove(at)).unwrap();
            }
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time");
            self.heard.push(event.expect("the connection stands"));
        }
    }

    pub async fn opened(&mut self, label: &str) {
        self.hears(|event| matches!(event, Event::Opened(opened) if opened == label).then_some(())).await;
    }

    pub async fn closed(&mut self, label: &str) {
        self.hears(|event| matches!(event, Event::Closed(closed) if closed == label).then_some(())).await;
    }

    /// The next message of a channel.
    pub async fn message(&mut self, label: &str) -> Vec<u8> {
        self.hears(|event| match event {
            Event::Message(from, bytes) if from == label => Some(bytes.clone()),
            _ => None,
        })
        .await
    }

    /// The payload of the next packet of the picture.
    pub async fn payload(&mut self) -> Vec<u8> {
        self.packet().await.payload.to_vec()
    }

    pub async fn packet(&mut self) -> Packet {
        self.hears(|event| match event {
            Event::Packet(packet) => Some(packet.clone()),
            _ => None,
        })
        .await
    }

    /// The next packet of the sound.
    pub async fn sound(&mut self) -> Packet {
        self.hears(|event| match event {
            Event::Sound(packet) => Some(packet.clone()),
            _ => None,
        })
        .await
    }

    pub async fn keyframe_requested(&mut self) {
        self.hears(|event| matches!(event, Event::KeyframeRequested).then_some(())).await;
    }

    pub async fn send(&self, label: &str, text: &str) {
        let channel = self.channels.lock().unwrap()[label].clone();
        channel.send_text(text).await.unwrap();
    }

    /// Asks for a keyframe, as a page does that has lost something.
    pub async fn ask_for_keyframe(&mut self) {
        let track = tokio::time::timeout(PATIENCE, self.tracks.recv()).await.expect("a track in time").unwrap();
        let media_ssrc = track.ssrcs().await[0];
        track.write_rtcp(vec![Box::new(PictureLossIndication { sender_ssrc: 0, media_ssrc })]).await.unwrap();
    }

    pub async fn close(&self) {
        self.connection.close().await.unwrap();
    }
}

/// A browser node's connection.
pub struct Node {
    pub wire: Wire,
    customer: Track,
    agent: Track,
    customer_sound: Track,
    agent_sound: Track,
}

struct Track {
    rtp: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
}

impl Track {
    fn new(audience: Audience, kind: RtpCodecKind) -> Track {
        let (ssrc, stream) = (rand::random(), audience.as_str().to_owned());
        let rtp_coding_parameters = RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() };
        let is_sound = kind == RtpCodecKind::Audio;
        let codec = if is_sound { tandem_media::sound_codec() } else { tandem_media::codec() };
        let encoding = RTCRtpEncodingParameters { rtp_coding_parameters, codec, ..Default::default() };
        let name = format!("{stream}-{kind}");
        let track = MediaStreamTrack::new(stream, name.clone(), name, kind, vec![encoding]);
        Track { rtp: Arc::new(TrackLocalStaticRTP::new(track)), ssrc, sequence: u16::MAX - 2 }
    }
}

impl Node {
    pub async fn offer() -> Node {
        let [customer, agent] = Audience::ALL.map(|audience| Track::new(audience, RtpCodecKind::Video));
        let [customer_sound, agent_sound] = Audience::ALL.map(|audience| Track::new(audience, RtpCodecKind::Audio));
        let wire = Wire::open(async |connection, handler| {
            for track in [&customer, &agent, &customer_sound, &agent_sound] {
                let track: Arc<dyn TrackLocal> = track.rtp.clone();
                connection.add_track(track.clone()).await.unwrap();
                let events = handler.events.clone();
                tokio::spawn(async move {
                    while let Some(TrackLocalEvent::OnRtcpPacket(_)) = track.poll().await {
                        let _ = events.send(Event::KeyframeRequested);
                    }
                });
            }
            handler.serve(connection.create_data_channel(channel::SFU, None).await.unwrap());
        })
        .await;
        Node { wire, customer, agent, customer_sound, agent_sound }
    }

    /// Publishes one packet: a unit of this kind, and a byte to know it by.
    pub async fn publish(&mut self, audience: Audience, kind: u8, mark: u8) {
        let track = match audience {
            Audience::Customer => &mut self.customer,
            Audience::Agent => &mut self.agent,
        };
        track.sequence = track.sequence.wrapping_add(1);
        let header = Header {
            version: 2,
            marker: true,
            payload_type: tandem_media::PAYLOAD_TYPE,
            sequence_number: track.sequence,
            timestamp: u32::from(mark) * 1_500,
            ssrc: track.ssrc,
            ..Default::default()
        };
        let payload = vec![kind, audience as u8, mark].into();
        track.rtp.write_rtp(Packet { header, payload }).await.unwrap();
    }
}

impl Node {
    /// Publishes one packet of sound, with a byte to know it by.
    pub async fn play(&mut self, audience: Audience, mark: u8) {
        let track = match audience {
            Audience::Customer => &mut self.customer_sound,
            Audience::Agent => &mut self.agent_sound,
        };
        track.sequence = track.sequence.wrapping_add(1);
        let header = Header {
            version: 2,
            payload_type: tandem_media::SOUND_PAYLOAD_TYPE,
            sequence_number: track.sequence,
            timestamp: u32::from(mark) * 960,
            ssrc: track.ssrc,
            ..Default::default()
        };
        let payload = vec![audience as u8, mark].into();
        track.rtp.write_rtp(Packet { header, payload }).await.unwrap();
    }
}

#[derive(Clone)]
struct Handler {
    events: mpsc::UnboundedSender<Event>,
    tracks: mpsc::UnboundedSender<Arc<dyn TrackRemote>>,
    channels: Channels,
}

impl Handler {
    /// Hears a channel until it closes. Whoever listens may be gone already.
    fn serve(&self, channel: Arc<dyn DataChannel>) {
        let (events, channels) = (self.events.clone(), self.channels.clone());
        tokio::spawn(async move {
            let Ok(label) = channel.label().await else { return };
            channels.lock().unwrap().insert(label.clone(), channel.clone());
            while let Some(event) = channel.poll().await {
                let _ = match event {
                    DataChannelEvent::OnOpen => events.send(Event::Opened(label.clone())),
                    DataChannelEvent::OnMessage(message) => {
                        events.send(Event::Message(label.clone(), message.data.to_vec()))
                    }
                    DataChannelEvent::OnClose => break,
                    _ => continue,
                };
            }
            let _ = events.send(Event::Closed(label));
        });
    }
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.events.send(Event::Gathered);
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        self.serve(channel);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.tracks.send(track.clone());
        let events = self.events.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    let is_sound = packet.header.payload_type == tandem_media::SOUND_PAYLOAD_TYPE;
                    let _ = events.send(if is_sound { Event::Sound(packet) } else { Event::Packet(packet) });
                }
            }
        });
    }
}
