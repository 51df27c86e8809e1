//! `/ws`: a participant's page.

use crate::hub::{Hub, Joined};
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::signal::{ClientSignal, Credential, Refusal, ServerSignal};
use tandem_protocol::{limits, parse, to_json};
use tandem_session::Window;
use tokio::sync::mpsc;

/// Signals that wait for a page; one that does not read them is cut off.
const QUEUE: usize = 256;
/// A page that says nothing for so long, not even to a ping, is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// After so many messages that are none of ours, the connection ends.
const PATIENCE: u32 = 5;

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new().route("/ws", get(upgrade)).with_state(hub)
}

async fn upgrade(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    if !crate::api::is_own_origin(&headers) {
        return (StatusCode::FORBIDDEN, "not from this origin\n").into_response();
    }
    let socket = socket.max_message_size(limits::SIGNAL).max_frame_size(limits::SIGNAL);
    socket.on_upgrade(move |socket| async move {
        hub.metrics.sockets.inc();
        serve(&hub, socket, from).await;
        hub.metrics.sockets.dec();
    })
}

async fn serve(hub: &Hub, socket: WebSocket, from: SocketAddr) {
    let (mut sink, mut stream) = socket.split();
    let (signals, mut outgoing) = mpsc::channel(QUEUE);
    let mut page = Page { hub, window: hub.next(), signals, joined: None, faults: 0, from };
    let mut ping = tokio::time::interval(SILENCE / 3);
    let mut heard = tokio::time::Instant::now();
    loop {
        tokio::select! {
            Some(signal) = outgoing.recv() => {
                let last = matches!(signal, ServerSignal::Ended { .. } | ServerSignal::TakenOver);
                if sink.send(Message::text(to_json(&signal))).await.is_err() || last {
                    break;
                }
            }
            _ = ping.tick() => {
                if heard.elapsed() >= SILENCE || sink.send(Message::Ping(Default::default())).await.is_err() {
                    break;
                }
            }
            message = stream.next() => {
                heard = tokio::time::Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => if !page.take(text.as_bytes()) { break },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Binary(_))) => if !page.fault() { break },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                }
            }
        }
    }
    if let Some(joined) = &page.joined {
        hub.leave(joined, page.window);
    }
    // What is already on its way, a refusal above all, still goes out.
    while let Ok(signal) = outgoing.try_recv() {
        if sink.send(Message::text(to_json(&signal))).await.is_err() {
            return;
        }
    }
    let _ = sink.close().await;
}

struct Page<'a> {
    hub: &'a Hub,
    window: Window,
    signals: mpsc::Sender<ServerSignal>,
    joined: Option<Joined>,
    faults: u32,
    from: SocketAddr,
}

impl Page<'_> {
    /// `false` when the connection is to end.
    fn take(&mut self, text: &[u8]) -> bool {
        let Ok(signal) = parse(text, limits::SIGNAL) else { return self.fault() };
        let outcome = match (signal, &self.joined) {
            (ClientSignal::Join { credential, take_over }, _) => return self.join(&credential, take_over),
            (_, None) => Err(Refusal::NotAllowed),
            (ClientSignal::Accept, Some(joined)) => self.hub.accept(joined),
            (ClientSignal::Offer { sdp }, Some(joined)) => self.hub.offer(joined, self.window, sdp),
            (ClientSignal::Report { report }, Some(_)) => {
                self.hub.metrics.report(report);
                Ok(())
            }
            (ClientSignal::End, Some(joined)) => {
                self.hub.end_by(joined);
                Ok(())
            }
        };
        if let Err(reason) = outcome {
            self.refuse(reason);
        }
        true
    }

    fn join(&mut self, credential: &Credential, take_over: bool) -> bool {
        if !self.hub.may_join(self.from.ip()) {
            self.refuse(Refusal::TooMany);
            return false;
        }
        let (token, resume) = match credential {
            Credential::Token { token } => (Some(token.reveal().as_str()), None),
            Credential::Resume { key } => (None, Some(key.reveal().as_str())),
        };
        match self.hub.join(token, resume, take_over, self.window, self.signals.clone()) {
            Ok(joined) => self.joined = Some(joined),
            Err(reason) => self.refuse(reason),
        }
        true
    }

    fn refuse(&self, reason: Refusal) {
        self.hub.metrics.refused(reason);
        // A page that does not read its queue is cut off by it.
        let _ = self.signals.try_send(ServerSignal::Refused { reason });
    }

    fn fault(&mut self) -> bool {
        self.faults += 1;
        self.refuse(Refusal::Malformed);
        self.faults < PATIENCE
    }
}
