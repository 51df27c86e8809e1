//! An agent's media connection, as a page has it: one picture to receive, and three data channels.

use super::examiner::Work;
use super::units::Piece;
use anyhow::{Context, Result};
use async_trait::async_trait;
use rtc::data_channel::RTCDataChannelInit;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tandem_protocol::input::channel;
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
};

pub enum Event {
    /// Something of a picture has come.
    Picture,
    Message {
        channel: String,
        data: Vec<u8>,
    },
    Lost,
}

pub struct Connection {
    connection: Arc<dyn PeerConnection>,
    events: mpsc::UnboundedReceiver<Event>,
    track: Shown,
}

/// The track that came last.
type Shown = Arc<Mutex<Option<Arc<dyn TrackRemote>>>>;

impl Connection {
    /// Opens it from `address`; gives the offer. Packets of the picture go to the examiner.
    pub async fn open(address: IpAddr, work: std::sync::mpsc::Sender<Work>) -> Result<(Connection, String)> {
        let (sender, events) = mpsc::unbounded_channel();
        let (gathered, mut gathering_done) = mpsc::unbounded_channel();
        let track = Shown::default();
        let handler = Handler { events: sender.clone(), gathered, work, track: track.clone() };
        let (media, interceptors) = tandem_media::engine()?;
        let settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            .with_srtp_protection_profiles(tandem_media::SRTP_PROFILES.to_vec())
            .build();
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(media)
            .with_interceptor_registry(interceptors)
            .with_setting_engine(settings)
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec![SocketAddr::new(address, 0)])
            .build()
            .await?;
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);
        let init = RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
        connection.add_transceiver_from_kind(RtpCodecKind::Video, Some(init)).await?;
        let lossy = RTCDataChannelInit { ordered: false, max_retransmits: Some(0), ..Default::default() };
        for (label, init) in [(channel::POINTER, Some(lossy)), (channel::CONTROL, None), (channel::TALK, None)] {
            let channel = connection.create_data_channel(label, init).await?;
            tokio::spawn(listen(channel, label, sender.clone()));
        }
        let offer = connection.create_offer(None).await?;
        connection.set_local_description(offer).await?;
        gathering_done.recv().await;
        let offer = connection.local_description().await.context("the connection has no address")?;
        Ok((Connection { connection, events, track }, offer.sdp))
    }

    pub async fn answer(&self, sdp: String) -> Result<()> {
        Ok(self.connection.set_remote_description(RTCSessionDescription::answer(sdp)?).await?)
    }

    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    pub async fn ask_for_keyframe(&self) {
        let track = self.track.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(track) = track else { return };
        let Some(media_ssrc) = track.ssrcs().await.first().copied() else { return };
        // Where it cannot be asked for now, it is asked for again.
        let _ = track.write_rtcp(vec![Box::new(PictureLossIndication { sender_ssrc: 0, media_ssrc })]).await;
    }

    pub async fn close(&self) {
        // It may be closed already.
        let _ = self.connection.close().await;
    }
}

async fn listen(channel: Arc<dyn DataChannel>, label: &'static str, events: mpsc::UnboundedSender<Event>) {
    while let Some(event) = channel.poll().await {
        let event = match event {
            DataChannelEvent::OnMessage(message) => {
                Event::Message { channel: label.to_owned(), data: message.data.to_vec() }
            }
            DataChannelEvent::OnClose => Event::Lost,
            _ => continue,
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

struct Handler {
    events: mpsc::UnboundedSender<Event>,
    gathered: mpsc::UnboundedSender<()>,
    work: std::sync::mpsc::Sender<Work>,
    track: Shown,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.gathered.send(());
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if matches!(state, RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed) {
            let _ = self.events.send(Event::Lost);
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        *self.track.lock().unwrap_or_else(PoisonError::into_inner) = Some(track.clone());
        let (events, work) = (self.events.clone(), self.work.clone());
        let _ = work.send(Work::Restart);
        tokio::spawn(async move {
            let mut is_first = true;
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
                let (header, payload) = (packet.header, packet.payload.to_vec());
                let piece = Piece {
                    sequence: header.sequence_number,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    payload,
                };
                // At the end there is nobody left to take it.
                let _ = work.send(Work::Piece(piece, Instant::now()));
                if std::mem::take(&mut is_first) {
                    let _ = events.send(Event::Picture);
                }
            }
        });
    }
}
