//! The worker's one WebRTC connection: a picture and a sound for each audience to the SFU, and every participant's channels from
//! it.

use super::audience::{Agent, Customer, For, Only};
use super::channels::{Channels, FromChannel};
use super::encoder::Encoded;
use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::rtp::Packet;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::header::Header;
use rtc::rtp::packetizer::Payloader;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use std::net::IpAddr;
use std::sync::Arc;
use tandem_media::{PAYLOAD_TYPE, SOUND_PAYLOAD_TYPE, SRTP_PROFILES};
use tandem_protocol::Audience;
use tandem_protocol::input::channel;
use tandem_sound::Packet as Sound;
use tokio::sync::mpsc;
use webrtc::data_channel::DataChannel;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_local::{TrackLocal, TrackLocalEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
};

/// Bytes of RTP payload in a packet: what fits a path of 1,280 bytes (IPv6's least) with SRTP, UDP and TURN around it.
const PAYLOAD: usize = 1_150;

/// What the connection tells the session.
#[derive(Debug)]
pub enum FromPublisher {
    /// Somebody of this audience needs an IDR.
    KeyframeRequested(Audience),
    Connected,
    /// The connection is gone for good; a new one is needed.
    Lost,
    Channel(FromChannel),
}

#[derive(Debug, thiserror::Error)]
pub enum PublisherError {
    /// The stack's own words may quote packets, so they stay inside.
    #[error("the WebRTC connection could not {0}")]
    Step(&'static str),
}

/// A connection that carries pictures once the SFU has answered its offer. Dropped, it closes.
pub struct Publisher {
    connection: Arc<dyn PeerConnection>,
    customer: Track<Customer>,
    agent: Track<Agent>,
    customer_sound: SoundTrack<Customer>,
    agent_sound: SoundTrack<Agent>,
    channels: Channels,
}

/// The only way to an audience's eyes.
struct Track<A: For> {
    rtp: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
    /// Of the last picture. The next one's is later, also when another encoder made it.
    timestamp: u32,
    payloader: H264Payloader,
    audience: std::marker::PhantomData<A>,
}

/// The only way to an audience's ears.
struct SoundTrack<A: For> {
    rtp: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
    audience: std::marker::PhantomData<A>,
}

impl Publisher {
    /// Opens a connection from `address`; gives the offer that goes to the SFU.
    pub async fn open(
        address: IpAddr,
        events: mpsc::Sender<FromPublisher>,
    ) -> Result<(Publisher, String), PublisherError> {
        let (gathered, mut gathering_done) = mpsc::channel(1);
        let channels = Channels::default();
        let handler = Handler { gathered, events: events.clone(), channels: channels.clone() };
        let connection = connect(address, handler).await.map_err(|_| PublisherError::Step("open"))?;
        let (customer, agent) = (Track::<Customer>::new(), Track::<Agent>::new());
        for (track, audience) in [(&customer.rtp, Audience::Customer), (&agent.rtp, Audience::Agent)] {
            let track: Arc<dyn TrackLocal> = track.clone();
            connection.add_track(track.clone()).await.map_err(|_| PublisherError::Step("take a track"))?;
            tokio::spawn(listen(track, audience, events.clone()));
        }
        let (customer_sound, agent_sound) = (SoundTrack::<Customer>::new(), SoundTrack::<Agent>::new());
        for rtp in [&customer_sound.rtp, &agent_sound.rtp] {
            let track: Arc<dyn TrackLocal> = rtp.clone();
            connection.add_track(track).await.map_err(|_| PublisherError::Step("take a track"))?;
        }
        let sfu = connection
            .create_data_channel(channel::SFU, None)
            .await
            .map_err(|_| PublisherError::Step("open a channel"))?;
        channels.open(sfu, events);
        let offer = connection.create_offer(None).await.map_err(|_| PublisherError::Step("make an offer"))?;
        connection.set_local_description(offer).await.map_err(|_| PublisherError::Step("take its own offer"))?;
        gathering_done.recv().await;
        let offer = connection.local_description().await.ok_or(PublisherError::Step("find an address"))?;
        Ok((Publisher { connection, customer, agent, customer_sound, agent_sound, channels }, offer.sdp))
    }

    pub async fn answer(&self, sdp: String) -> Result<(), PublisherError> {
        let answer = RTCSessionDescription::answer(sdp).map_err(|_| PublisherError::Step("read the answer"))?;
        self.connection.set_remote_description(answer).await.map_err(|_| PublisherError::Step("take the answer"))
    }

    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Sends a picture to the customer.
    pub async fn send_to_customer(&mut self, picture: &Only<Customer, Encoded>) -> Result<(), PublisherError> {
        self.customer.send(picture).await
    }

    /// Sends a picture to agents, supervisors and the recorder.
    pub async fn send_to_agent(&mut self, picture: &Only<Agent, Encoded>) -> Result<(), PublisherError> {
        self.agent.send(picture).await
    }

    /// Sends sound to the customer.
    pub async fn sound_to_customer(&mut self, packet: &Only<Customer, Sound>) -> Result<(), PublisherError> {
        self.customer_sound.send(packet).await
    }

    /// Sends sound to agents, supervisors and the recorder.
    pub async fn sound_to_agent(&mut self, packet: &Only<Agent, Sound>) -> Result<(), PublisherError> {
        self.agent_sound.send(packet).await
    }

    pub async fn close(self) {
        // It is going away in any case; an error says only that it is gone already.
        let _ = self.connection.close().await;
    }
}

impl<A: For> Track<A> {
    fn new() -> Track<A> {
        let ssrc = rand::random();
        let name = A::AUDIENCE.as_str().to_owned();
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: tandem_media::codec(),
            ..Default::default()
        };
        let track = MediaStreamTrack::new(name.clone(), name.clone(), name, RtpCodecKind::Video, vec![encoding]);
        let rtp = Arc::new(TrackLocalStaticRTP::new(track));
        let (payloader, audience) = (H264Payloader::default(), std::marker::PhantomData);
        Track { rtp, ssrc, sequence: rand::random(), timestamp: 0, payloader, audience }
    }

    async fn send(&mut self, picture: &Only<A, Encoded>) -> Result<(), PublisherError> {
        let Encoded { data, timestamp, .. } = picture.get();
        let payloads: Vec<Bytes> =
            self.payloader.payload(PAYLOAD, data).map_err(|_| PublisherError::Step("cut a picture"))?;
        let last = payloads.len().saturating_sub(1);
        let is_later = timestamp.wrapping_sub(self.timestamp) as i32 > 0;
        self.timestamp = if is_later { *timestamp } else { self.timestamp.wrapping_add(1) };
        for (i, payload) in payloads.into_iter().enumerate() {
            self.sequence = self.sequence.wrapping_add(1);
            let header = Header {
                version: 2,
                marker: i == last,
                payload_type: PAYLOAD_TYPE,
                sequence_number: self.sequence,
                timestamp: self.timestamp,
                ssrc: self.ssrc,
                ..Default::default()
            };
            self.rtp.write_rtp(Packet { header, payload }).await.map_err(|_| PublisherError::Step("send"))?;
        }
        Ok(())
    }
}

impl<A: For> SoundTrack<A> {
    fn new() -> SoundTrack<A> {
        let ssrc = rand::random();
        let stream = A::AUDIENCE.as_str().to_owned();
        let name = format!("{stream}-sound");
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: tandem_media::sound_codec(),
            ..Default::default()
        };
        let track = MediaStreamTrack::new(stream, name.clone(), name, RtpCodecKind::Audio, vec![encoding]);
        let rtp = Arc::new(TrackLocalStaticRTP::new(track));
        SoundTrack { rtp, ssrc, sequence: rand::random(), audience: std::marker::PhantomData }
    }

    async fn send(&mut self, packet: &Only<A, Sound>) -> Result<(), PublisherError> {
        let Sound { data, timestamp, is_first } = packet.get().clone();
        self.sequence = self.sequence.wrapping_add(1);
        let header = Header {
            version: 2,
            // The first after a silence (RFC 3551 §4.1).
            marker: is_first,
            payload_type: SOUND_PAYLOAD_TYPE,
            sequence_number: self.sequence,
            timestamp,
            ssrc: self.ssrc,
            ..Default::default()
        };
        self.rtp.write_rtp(Packet { header, payload: data }).await.map_err(|_| PublisherError::Step("send"))
    }
}

async fn connect(address: IpAddr, handler: Handler) -> Result<Arc<dyn PeerConnection>, webrtc::error::Error> {
    let (media, interceptors) = tandem_media::engine()?;
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .with_srtp_protection_profiles(SRTP_PROFILES.to_vec())
        .build();
    let connection = PeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().build())
        .with_media_engine(media)
        .with_interceptor_registry(interceptors)
        .with_setting_engine(settings)
        .with_handler(Arc::new(handler))
        .with_udp_addrs(vec![std::net::SocketAddr::new(address, 0)])
        .build()
        .await?;
    Ok(Arc::new(connection))
}

async fn listen(track: Arc<dyn TrackLocal>, audience: Audience, events: mpsc::Sender<FromPublisher>) {
    while let Some(TrackLocalEvent::OnRtcpPacket(_)) = track.poll().await {
        // Only keyframe requests get here.
        if events.send(FromPublisher::KeyframeRequested(audience)).await.is_err() {
            return;
        }
    }
}

struct Handler {
    gathered: mpsc::Sender<()>,
    events: mpsc::Sender<FromPublisher>,
    channels: Channels,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.gathered.try_send(());
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let event = match state {
            RTCPeerConnectionState::Connected => FromPublisher::Connected,
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => FromPublisher::Lost,
            _ => return,
        };
        let _ = self.events.send(event).await;
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        self.channels.open(channel, self.events.clone());
    }
}
