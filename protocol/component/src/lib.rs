//! What every component shares besides the words: its link to signalling, its operations endpoints, its secrets, its logs.

mod link;
mod ops;
mod secret;

pub use link::{ControlConfig, Link, LinkError, LinkEvent, dial};
pub use ops::ops_router;
pub use secret::{Secret, SecretError};

/// Starts logging to standard error, by `TANDEM_LOG` (the `tracing` filter syntax; `info` when unset).
///
/// The WebRTC and database stacks are kept quiet whatever it says: their messages quote packets and parameters.
pub fn init_logs() {
    use tracing_subscriber::EnvFilter;
    let mut filter = EnvFilter::try_from_env("TANDEM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    for quiet in [
        "rtc",
        "rtc_dtls",
        "rtc_ice",
        "rtc_interceptor",
        "rtc_sctp",
        "rtc_srtp",
        "rtc_datachannel",
        "rtc_turn",
        "webrtc",
        "sqlx",
    ] {
        filter = filter.add_directive(format!("{quiet}=off").parse().expect("a directive of ours"));
    }
    // It fails only when logging was started before, as in tests.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Completes when the process is asked to end (SIGTERM, or an interrupt at a terminal).
pub async fn termination() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
