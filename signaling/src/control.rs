//! `/control`: nodes and SFUs dial in here, register and are given orders.

use crate::components::{LEASE, QUEUE};
use crate::hub::Hub;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use tandem_protocol::control::{
    Component, Connection, FromControl, NodeOrder, NodeReport, Peer, PeerName, SfuOrder, SfuReport, ToControl,
};
use tandem_protocol::signal::{Refusal, ServerSignal};
use tandem_protocol::{NodeName, PROTOCOL_VERSION, limits, parse, to_json};
use tokio::sync::mpsc;

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
    let first = match socket.recv().await {
        Some(Ok(Message::Text(text))) => parse(text.as_bytes(), limits::COMPONENT),
        _ => return,
    };
    let refused = |message: &str| Message::text(to_json(&FromControl::Refused { message: message.into() }));
    let Ok(ToControl::Register { protocol, name, component }) = first else {
        let _ = socket.send(refused("the first message must be a registration of this protocol")).await;
        return;
    };
    if protocol != PROTOCOL_VERSION {
        let _ = socket
            .send(refused(&format!("signalling speaks version {PROTOCOL_VERSION}, this component {protocol}")))
            .await;
        return;
    }
    let (orders, mut outgoing) = mpsc::channel(QUEUE);
    let (connection, now) = (hub.next(), hub.now());
    if !hub.components(|c| c.register(name.clone(), component, connection, orders, now)) {
        let _ = socket.send(refused(&format!("the name {name} is in use"))).await;
        return;
    }
    tracing::info!(%name, "component registered");
    let registered = FromControl::Registered { lease_seconds: LEASE.as_secs() as u32 };
    let _ = socket.send(Message::text(to_json(&registered))).await;
    if component == Component::Sfu {
        hub.sfu_came(&name);
    }
    let (mut sink, mut stream) = socket.split();
    loop {
        tokio::select! {
            order = outgoing.recv() => match order {
                Some(order) => if sink.send(Message::text(to_json(&order))).await.is_err() { break },
                // Another connection took the name.
                None => break,
            },
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let now = hub.now();
                    hub.components(|c| c.heard(&name, now));
                    match parse(text.as_bytes(), limits::COMPONENT) {
                        Ok(ToControl::Node { report }) => node_said(&hub, &name, report),
                        Ok(ToControl::Sfu { report }) => sfu_said(&hub, &name, report),
                        Ok(ToControl::Alive) => {}
                        Ok(ToControl::Register { .. }) => tracing::warn!(%name, "registered twice"),
                        Err(error) => tracing::warn!(%name, %error, "report not understood"),
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
            },
        }
    }
    if hub.components(|c| c.remove(&name, connection)) {
        tracing::warn!(%name, "component gone");
        hub.lost(&name);
    }
}

fn node_said(hub: &Hub, name: &NodeName, report: NodeReport) {
    if let NodeReport::Slots { free, ready, .. } = report {
        return hub.components(|c| c.set_slots(name, free, ready));
    }
    let session = match &report {
        NodeReport::Claimed { session }
        | NodeReport::Refused { session, .. }
        | NodeReport::Offer { session, .. }
        | NodeReport::Tabs { session, .. }
        | NodeReport::Active { session }
        | NodeReport::Ended { session, .. } => session.clone(),
        NodeReport::Slots { .. } => return,
    };
    if !hub.serves(&session, name) {
        return;
    }
    match report {
        NodeReport::Claimed { .. } => hub.claim_answered(&session, Ok(())),
        NodeReport::Refused { message, .. } => hub.claim_answered(&session, Err(message)),
        NodeReport::Offer { sdp, .. } => {
            let order = SfuOrder::Join { session: session.clone(), peer: Peer::Publisher, sdp };
            hub.to_sfu(&session, order);
        }
        NodeReport::Tabs { tabs, .. } => hub.tabs(&session, tabs),
        NodeReport::Active { .. } => hub.is_active(&session),
        NodeReport::Ended { reason, .. } => drop(hub.end(&session, reason)),
        NodeReport::Slots { .. } => {}
    }
}

fn sfu_said(hub: &Hub, name: &NodeName, report: SfuReport) {
    let session = match &report {
        SfuReport::Answer { session, .. }
        | SfuReport::Refused { session, .. }
        | SfuReport::Connection { session, .. } => session.clone(),
    };
    if !hub.serves(&session, name) {
        return;
    }
    match report {
        SfuReport::Answer { peer: PeerName::Publisher, sdp, .. } => {
            hub.to_node(&session, NodeOrder::Answer { session: session.clone(), sdp });
        }
        SfuReport::Answer { peer: PeerName::Participant { id }, sdp, .. } => {
            hub.tell(&session, id, ServerSignal::Answer { sdp })
        }
        SfuReport::Refused { peer, message, .. } => {
            tracing::warn!(%name, "the SFU refused a connection: {message}");
            if let PeerName::Participant { id } = peer {
                hub.tell(&session, id, ServerSignal::Refused { reason: Refusal::Malformed });
            }
        }
        SfuReport::Connection { peer, state, .. } => match state {
            Connection::Connected | Connection::Silent => {}
            Connection::Gone => hub.reconnect(&session, peer),
        },
    }
}
