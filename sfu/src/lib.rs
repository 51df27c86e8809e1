//! The SFU: one thread, one UDP socket, everyone's connections on the sans-IO core of WebRTC.
//!
//! Signalling tells it who may join what; it answers SDP offers, forwards each track to the audience it is for, and gives
//! every participant channels of their own towards the browser node.

mod driver;
mod metrics;
mod peer;
mod room;
mod socket;
mod stun;
mod timers;

pub use metrics::SfuMetrics;

use nix::sys::eventfd::{EfdFlags, EventFd};
use std::net::IpAddr;
use std::sync::{Arc, mpsc};
use tandem_component::{ControlConfig, LinkError, LinkEvent};
use tandem_protocol::control::{FromControl, SfuOrder, SfuReport, ToControl};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What an SFU is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The UDP port of all media; 0 takes any that is free.
    pub media_port: u16,
    /// The addresses to offer; the host's own when empty.
    pub media_addresses: Vec<IpAddr>,
    pub control: ControlConfig,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("UDP port {0} cannot be used for media: {1}")]
    Port(u16, std::io::Error),
    #[error("this host has no address to offer; name one with TANDEM_MEDIA_ADDRESSES")]
    NoAddress,
    #[error("the SFU's thread does not start: {0}")]
    Thread(std::io::Error),
}

/// A running SFU.
pub struct Sfu {
    /// The port that media comes to.
    pub port: u16,
    /// What it still lacks to be ready; empty when it is.
    pub ready: watch::Receiver<String>,
    /// Ends when the SFU has ended.
    pub task: tokio::task::JoinHandle<Result<(), LinkError>>,
}

/// The way into the driver's thread.
struct Inbox {
    orders: mpsc::Sender<driver::Command>,
    wake: Arc<EventFd>,
}

impl Inbox {
    fn send(&self, command: driver::Command) {
        if self.orders.send(command).is_ok() {
            // It fails only when the counter is full, and then the thread is awake.
            let _ = self.wake.write(1);
        }
    }
}

impl Sfu {
    /// Starts forwarding. Must be called within a tokio runtime.
    pub fn start(config: Config, metrics: SfuMetrics, shutdown: CancellationToken) -> Result<Sfu, StartError> {
        let socket = socket::Socket::bind(config.media_port, &config.media_addresses)?;
        let port = socket.port();
        let (orders, received) = mpsc::channel();
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = Arc::new(EventFd::from_flags(flags).map_err(|e| StartError::Thread(e.into()))?);
        let (reports, reported) = tokio::sync::mpsc::unbounded_channel();
        let driver = driver::Driver::new(socket, received, wake.clone(), reports, metrics);
        let thread =
            std::thread::Builder::new().name("sfu".into()).spawn(move || driver.run()).map_err(StartError::Thread)?;
        let (ready, ready_seen) = watch::channel("not registered with signalling".to_owned());
        let inbox = Inbox { orders, wake };
        let task = tokio::spawn(async move {
            let outcome = relay(config.control, &inbox, reported, ready, shutdown).await;
            inbox.send(driver::Command::End);
            // A panic there has been reported by the panic hook already.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
            outcome
        });
        Ok(Sfu { port, ready: ready_seen, task })
    }
}

/// Carries orders to the driver and its reports back.
async fn relay(
    control: ControlConfig,
    inbox: &Inbox,
    mut reported: tokio::sync::mpsc::UnboundedReceiver<SfuReport>,
    ready: watch::Sender<String>,
    shutdown: CancellationToken,
) -> Result<(), LinkError> {
    let (mut link, link_task) = tandem_component::dial(control, shutdown.clone());
    loop {
        tokio::select! {
            event = link.events.recv() => match event {
                Some(LinkEvent::Connected) => drop(ready.send_replace(String::new())),
                Some(LinkEvent::Order(FromControl::Sfu { order })) => inbox.send(driver::Command::Order(order)),
                // What is connected goes on without signalling.
                Some(LinkEvent::Order(_)) => {}
                Some(LinkEvent::Lost) => drop(ready.send_replace("the link to signalling is down".to_owned())),
                None => break,
            },
            Some(report) = reported.recv() => {
                if link.reports.try_send(ToControl::Sfu { report }).is_err() {
                    tracing::warn!("a report to signalling was dropped");
                }
            }
            () = shutdown.cancelled() => break,
        }
    }
    drop(link);
    link_task.await.unwrap_or(Ok(()))
}

/// The session that an order is about.
fn session_of(order: &SfuOrder) -> &tandem_protocol::SessionId {
    match order {
        SfuOrder::Join { session, .. }
        | SfuOrder::Allow { session, .. }
        | SfuOrder::Leave { session, .. }
        | SfuOrder::Close { session } => session,
    }
}
