//! A component's link to signalling: dial, register, keep the lease, dial again.

use crate::Secret;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::time::Duration;
use tandem_protocol::control::{Component, FromControl, ToControl};
use tandem_protocol::{NodeName, PROTOCOL_VERSION, limits, parse, to_json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::sync::CancellationToken;

/// Signalling that has not answered after so long does not.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Reports that wait while the link is busy; while it is down they wait here too.
const QUEUE: usize = 1024;

/// Where signalling is, and who dials.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    /// `ws://host:port/control`
    pub url: String,
    pub key: Secret,
    pub name: NodeName,
    pub component: Component,
}

impl ControlConfig {
    /// Where signalling listens (`host:port`), for what does not go by the link.
    pub fn authority(&self) -> Option<&str> {
        let (_, rest) = self.url.split_once("://")?;
        rest.split('/').next().filter(|authority| !authority.is_empty())
    }
}

/// What the link tells its component.
#[derive(Debug)]
pub enum LinkEvent {
    /// Registered: the component reports its state from the start.
    Connected,
    /// A node's or an SFU's order.
    Order(FromControl),
    /// The link is down; it is being dialled again.
    Lost,
}

/// The component's end of the link.
pub struct Link {
    pub events: mpsc::Receiver<LinkEvent>,
    pub reports: mpsc::Sender<ToControl>,
}

/// Why a link ended for good.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("{0} is no address of signalling (ws://host:port/control)")]
    Address(String),
    #[error("signalling refused this component: {0}")]
    Refused(String),
}

/// Why a connection ended; another is tried.
enum Down {
    Shutdown,
    Refused(String),
    Lost,
}

/// Keeps a link up until `shutdown`, or until its events are no longer heard. Must be called within a tokio runtime.
pub fn dial(config: ControlConfig, shutdown: CancellationToken) -> (Link, JoinHandle<Result<(), LinkError>>) {
    let (event_sender, events) = mpsc::channel(QUEUE);
    let (reports, report_receiver) = mpsc::channel(QUEUE);
    let task = tokio::spawn(keep(config, shutdown, event_sender, report_receiver));
    (Link { events, reports }, task)
}

async fn keep(
    config: ControlConfig,
    shutdown: CancellationToken,
    events: mpsc::Sender<LinkEvent>,
    mut reports: mpsc::Receiver<ToControl>,
) -> Result<(), LinkError> {
    let mut request = config.url.as_str().into_client_request().map_err(|_| LinkError::Address(config.url.clone()))?;
    let bearer =
        format!("Bearer {}", config.key.reveal()).parse().map_err(|_| LinkError::Address(config.url.clone()))?;
    request.headers_mut().insert("authorization", bearer);
    let mut wait = FIRST_WAIT;
    loop {
        let limits = WebSocketConfig::default()
            .max_message_size(Some(limits::COMPONENT))
            .max_frame_size(Some(limits::COMPONENT));
        let connecting = tokio_tungstenite::connect_async_with_config(request.clone(), Some(limits), true);
        let socket = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = events.closed() => return Ok(()),
            socket = tokio::time::timeout(PATIENCE, connecting) => socket,
        };
        match socket {
            Ok(Ok((socket, _))) => match serve(socket, &config, &shutdown, &events, &mut reports, &mut wait).await {
                Down::Shutdown => return Ok(()),
                Down::Refused(message) => return Err(LinkError::Refused(message)),
                Down::Lost => tracing::warn!("link to signalling lost"),
            },
            Ok(Err(tungstenite::Error::Http(answer))) if answer.status() == 401 => {
                return Err(LinkError::Refused("the control key is another one".into()));
            }
            Ok(Err(_)) | Err(_) => tracing::warn!("signalling does not answer at {}", config.url),
        }
        if events.send(LinkEvent::Lost).await.is_err() {
            return Ok(());
        }
        // Jitter, so that a fleet does not come back at one moment.
        let jittered = wait.mul_f64(rand::random_range(0.5..1.0));
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = events.closed() => return Ok(()),
            () = tokio::time::sleep(jittered) => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn serve(
    mut socket: impl Sink<Message, Error = tungstenite::Error> + Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
    config: &ControlConfig,
    shutdown: &CancellationToken,
    events: &mpsc::Sender<LinkEvent>,
    reports: &mut mpsc::Receiver<ToControl>,
    wait: &mut Duration,
) -> Down {
    let register =
        ToControl::Register { protocol: PROTOCOL_VERSION, name: config.name.clone(), component: config.component };
    if socket.send(Message::text(to_json(&register))).await.is_err() {
        return Down::Lost;
    }
    // Until signalling says how long the lease is.
    let mut lease = Duration::from_secs(15);
    let mut alive = Instant::now() + lease / 3;
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => {
                let _ = socket.close().await;
                return Down::Shutdown;
            }
            () = tokio::time::sleep_until(alive) => {
                alive += lease / 3;
                if heard.elapsed() > lease || socket.send(Message::text(to_json(&ToControl::Alive))).await.is_err() {
                    return Down::Lost;
                }
                // The answer to a ping shows that the other end still hears us.
                if socket.send(Message::Ping(Default::default())).await.is_err() {
                    return Down::Lost;
                }
            }
            Some(report) = reports.recv() => {
                if socket.send(Message::text(to_json(&report))).await.is_err() {
                    return Down::Lost;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { return Down::Lost };
                heard = Instant::now();
                let event = match message {
                    Message::Text(text) => match parse(text.as_bytes(), limits::COMPONENT) {
                        Ok(FromControl::Registered { lease_seconds }) => {
                            lease = Duration::from_secs(u64::from(lease_seconds.clamp(3, 600)));
                            alive = Instant::now() + lease / 3;
                            *wait = FIRST_WAIT;
                            LinkEvent::Connected
                        }
                        Ok(FromControl::Refused { message }) => return Down::Refused(message),
                        Ok(order @ (FromControl::Node { .. } | FromControl::Sfu { .. })) => LinkEvent::Order(order),
                        Err(error) => {
                            tracing::warn!(%error, "order not understood");
                            continue;
                        }
                    },
                    Message::Close(_) => return Down::Lost,
                    Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                };
                if events.send(event).await.is_err() {
                    return Down::Shutdown;
                }
            }
        }
    }
}
