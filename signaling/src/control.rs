//! `/control`: nodes and SFUs dial in here, register and are given orders.

use crate::components::{Link, Registration, ToComponent};
use crate::hub::Hub;
use crate::mailbox::{Inbox, Mailbox, mailbox};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Sink, SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::control::{Component, FromControl, ToControl};
use tandem_protocol::{NodeName, PROTOCOL_VERSION, limits, parse, to_json};
use tokio::time::{Instant, timeout};

/// Orders that wait for a component; one that does not read them is cut off.
const QUEUE: usize = 1024;
/// A component that does not register at once, or to which nothing can be sent, is cut off.
const PATIENCE: Duration = Duration::from_secs(10);
/// The holder of a name shows that it lives within this time, or loses it.
const PROOF_OF_LIFE: Duration = Duration::from_secs(2);

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new().route("/control", get(upgrade)).with_state(hub)
}

async fn upgrade(State(hub): State<Arc<Hub>>, headers: HeaderMap, socket: WebSocketUpgrade) -> Response {
    let key = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    if !key.is_some_and(|key| hub.config.control_key.matches(key)) {
        return (StatusCode::UNAUTHORIZED, "the control key is another one\n").into_response();
    }
    socket
        .max_message_size(limits::COMPONENT)
        .max_frame_size(limits::COMPONENT)
        .on_upgrade(move |socket| serve(hub, socket))
}

async fn serve(hub: Arc<Hub>, mut socket: WebSocket) {
    let first = match timeout(PATIENCE, socket.recv()).await {
        Ok(Some(Ok(Message::Text(text)))) => parse(text.as_bytes(), limits::COMPONENT),
        _ => return,
    };
    let (name, component) = match first {
        Ok(ToControl::Register { protocol: PROTOCOL_VERSION, name, component }) => (name, component),
        Ok(ToControl::Register { protocol, .. }) => {
            return refuse(socket, format!("signalling speaks version {PROTOCOL_VERSION}, this component {protocol}"))
                .await;
        }
        Ok(ToControl::Alive | ToControl::Node { .. } | ToControl::Sfu { .. }) | Err(_) => {
            return refuse(socket, "the first message must be a registration of this protocol".into()).await;
        }
    };
    let (orders, inbox) = mailbox(QUEUE, &hub.shutdown);
    let link = hub.next();
    if !register(&hub, &name, component, link, orders).await {
        return refuse(socket, format!("the name {name} is in use")).await;
    }
    tracing::info!(%name, "component connected");
    exchange(&hub, &name, component, link, socket, inbox).await;
    tracing::info!(%name, "component's connection ended");
    hub.unlink(&name, link);
}

async fn refuse(mut socket: WebSocket, message: String) {
    // The other end may be gone already.
    let _ = timeout(PATIENCE, socket.send(Message::text(to_json(&FromControl::Refused { message })))).await;
}

/// `false` when another component that is alive has the name.
async fn register(hub: &Hub, name: &NodeName, component: Component, link: Link, orders: Mailbox<ToComponent>) -> bool {
    let register = || hub.register(name, component, link, orders.clone()) != Registration::Taken;
    if register() {
        return true;
    }
    // It may be this very component, whose last connection died without a word.
    let (asked, mut look) = (hub.now(), tokio::time::interval(PROOF_OF_LIFE / 20));
    hub.state().components.probe(name);
    while hub.now() - asked < PROOF_OF_LIFE {
        look.tick().await;
        if hub.state().components.is_alive(name, asked) {
            return false;
        }
        if register() {
            return true;
        }
    }
    hub.state().components.cut(name);
    register()
}

async fn exchange(
    hub: &Hub,
    name: &NodeName,
    component: Component,
    link: Link,
    socket: WebSocket,
    mut inbox: Inbox<ToComponent>,
) {
    let (mut sink, mut stream) = socket.split();
    let lease = hub.config.limits.lease;
    let registered = FromControl::Registered { lease_seconds: lease.as_secs().max(1) as u32 };
    if !send(&mut sink, Message::text(to_json(&registered))).await {
        return;
    }
    let mut heard = Instant::now();
    loop {
        let sent = tokio::select! {
            () = inbox.cut.cancelled() => false,
            () = tokio::time::sleep_until(heard + lease) => false,
            Some(order) = inbox.received.recv() => match order {
                ToComponent::Order(order) => send(&mut sink, Message::text(to_json(&order))).await,
                ToComponent::Probe => send(&mut sink, Message::Ping(Default::default())).await,
            },
            message = stream.next() => {
                heard = Instant::now();
                hub.heard(name, link);
                match message {
                    Some(Ok(Message::Text(text))) => {
                        take(hub, name, component, text.as_bytes());
                        true
                    }
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                }
            }
        };
        if !sent {
            break;
        }
    }
    let _ = timeout(PATIENCE, sink.close()).await;
}

async fn send(sink: &mut (impl Sink<Message> + Unpin), message: Message) -> bool {
    matches!(timeout(PATIENCE, sink.send(message)).await, Ok(Ok(())))
}

/// A component speaks as what it registered.
fn take(hub: &Hub, name: &NodeName, component: Component, text: &[u8]) {
    match (parse(text, limits::COMPONENT), component) {
        (Ok(ToControl::Node { report }), Component::Node { .. }) => hub.node_said(name, report),
        (Ok(ToControl::Sfu { report }), Component::Sfu) => hub.sfu_said(name, report),
        (Ok(ToControl::Alive), _) => {}
        (Ok(ToControl::Node { .. } | ToControl::Sfu { .. } | ToControl::Register { .. }), _) => {
            tracing::warn!(%name, "out of turn")
        }
        (Err(error), _) => tracing::warn!(%name, %error, "report not understood"),
    }
}
