//! What the browser node and the SFU must agree on in WebRTC: the codecs, the cipher, and who hears of keyframe requests.

mod keyframe_requests;

pub use keyframe_requests::KeyframeRequests;

use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::interceptor::{Registry, Slot};
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS, MediaEngine};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::shared::error::Error;

/// Ours in offers; answers take the other end's.
pub const PAYLOAD_TYPE: u8 = 102;
const RTX_PAYLOAD_TYPE: u8 = 103;
/// The sound's in our offers.
pub const SOUND_PAYLOAD_TYPE: u8 = 111;
/// Asks a receiver to hold pictures back no longer than said (Chromium's `playout-delay` header extension).
pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// The only cipher for media (RFC 7714).
pub const SRTP_PROFILES: [SrtpProtectionProfile; 1] = [SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm];

/// H.264 constrained baseline. Level 3.1 is what browsers know; with level asymmetry a sender may send higher ones.
pub fn codec() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.into(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f".into(),
        rtcp_feedback: vec![],
    }
}

/// Opus (RFC 7587): stereo, with forward error correction, and no packets while there is nothing to hear.
pub fn sound_codec() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=20;useinbandfec=1;usedtx=1;stereo=1;sprop-stereo=1".into(),
        rtcp_feedback: vec![],
    }
}

/// A media engine with our codecs, the picture's retransmissions and feedback, and the interceptors to go with it; keyframe
/// requests reach the application.
pub fn engine() -> Result<(MediaEngine, Registry), Error> {
    let mut media = MediaEngine::default();
    media.register_codec(
        RTCRtpCodecParameters { rtp_codec: codec(), payload_type: PAYLOAD_TYPE },
        RtpCodecKind::Video,
    )?;
    let sdp_fmtp_line = format!("apt={PAYLOAD_TYPE}");
    let rtx = RTCRtpCodec {
        mime_type: "video/rtx".into(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line,
        rtcp_feedback: vec![],
    };
    media.register_codec(
        RTCRtpCodecParameters { rtp_codec: rtx, payload_type: RTX_PAYLOAD_TYPE },
        RtpCodecKind::Video,
    )?;
    media.register_codec(
        RTCRtpCodecParameters { rtp_codec: sound_codec(), payload_type: SOUND_PAYLOAD_TYPE },
        RtpCodecKind::Audio,
    )?;
    let extension = RTCRtpHeaderExtensionCapability { uri: PLAYOUT_DELAY.into() };
    media.register_header_extension(extension, RtpCodecKind::Video, None)?;
    media.register_feedback(RTCPFeedback { typ: "ccm".into(), parameter: "fir".into() }, RtpCodecKind::Video);
    let registry = register_default_interceptors(Registry::new(), &mut media)?;
    // The application's end of the chain, where all others have seen the feedback already.
    Ok((media, registry.with(Slot::from(14_000), KeyframeRequests::default())))
}
