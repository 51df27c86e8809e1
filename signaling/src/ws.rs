//! `/ws`: a participant's page.

use crate::calls::Calling;
use crate::hub::{Hub, ToPage};
use crate::mailbox::{Inbox, Mailbox, mailbox};
use crate::rates::Bucket;
use crate::tokens::Hashed;
use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::signal::{ClientSignal, Credential, Refusal, ServerSignal};
use tandem_protocol::{SessionId, limits, parse, to_json};
use tandem_session::{Event, Window};
use tokio::time::{Instant, timeout};

/// Signals that wait for a page; one that does not read them is cut off.
const QUEUE: usize = 256;
/// A page that says nothing for so long, not even to a ping, is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// A connection that has not joined after so long is ended, and one to which nothing can be sent.
const UNJOINED: Duration = Duration::from_secs(60);
const STUCK: Duration = Duration::from_secs(10);
/// After so many messages that are none of ours, or too many, the connection ends.
const PATIENCE: u32 = 5;
/// Messages a second that a page may send, and as many reports of what it measured.
const MESSAGES: u32 = 40;
/// A message above the limit is still read up to here, so that its sender can be told.
const READ: usize = 4 * limits::SIGNAL;

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new().route("/ws", get(upgrade)).with_state(hub)
}

async fn upgrade(
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    if !crate::api::is_own_origin(&hub, &headers) {
        return (StatusCode::FORBIDDEN, "not from this origin\n").into_response();
    }
    let host = crate::api::host(&headers);
    let socket = socket.max_message_size(READ).max_frame_size(READ);
    socket.on_upgrade(move |socket| async move {
        hub.metrics.sockets.inc();
        serve(&hub, socket, from, host).await;
        hub.metrics.sockets.dec();
    })
}

/// What becomes of the connection.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    End,
}

async fn serve(hub: &Hub, socket: WebSocket, from: SocketAddr, host: String) {
    let (mut sink, mut stream) = socket.split();
    let (mailbox, mut inbox) = mailbox(QUEUE, &hub.shutdown);
    let now = hub.now();
    let bucket = Bucket::new(MESSAGES, now);
    let (window, session, call) = (hub.next(), None, None);
    let (messages, reports) = (bucket, bucket);
    let mut page = Page { hub, window, mailbox, session, call, faults: 0, from, host, messages, reports };
    let mut ping = tokio::time::interval(SILENCE / 3);
    let (opened, mut heard) = (Instant::now(), Instant::now());
    loop {
        let then = tokio::select! {
            () = inbox.cut.cancelled() => Then::End,
            Some(message) = inbox.received.recv() => send(&mut sink, message).await,
            _ = ping.tick() => {
                let is_idle = page.session.is_none() && page.call.is_none() && opened.elapsed() >= UNJOINED;
                let is_lost = heard.elapsed() >= SILENCE || is_idle;
                if is_lost { Then::End } else { send(&mut sink, ToPage::Probe).await }
            }
            message = stream.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => page.take(text.as_bytes()),
                    Some(Ok(Message::Pong(_))) => page.alive(),
                    Some(Ok(Message::Ping(_))) => Then::GoOn,
                    Some(Ok(Message::Binary(_))) => page.fault(Refusal::Malformed),
                    Some(Ok(Message::Close(_))) | None => Then::End,
                    // Broken, or so large that it was not read to its end.
                    Some(Err(_)) => { page.fault(Refusal::Malformed); Then::End }
                }
            }
        };
        if then == Then::End {
            break;
        }
    }
    page.leave();
    say_goodbye(&mut sink, &mut stream, &mut inbox).await;
}

/// What is already on its way, a refusal above all, still goes out. The page closes the connection (RFC 6455 §7.1.1): were
/// it closed here while something of the page's is on its way, the page might lose what it was told last.
async fn say_goodbye(
    sink: &mut (impl Sink<Message> + Unpin),
    stream: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    inbox: &mut Inbox<ToPage>,
) {
    while let Ok(message) = inbox.received.try_recv() {
        if send(sink, message).await == Then::End {
            break;
        }
    }
    let _ = timeout(STUCK, async {
        let _ = sink.close().await;
        while let Some(Ok(_)) = stream.next().await {}
    })
    .await;
}

async fn send(sink: &mut (impl Sink<Message> + Unpin), message: ToPage) -> Then {
    let (message, is_last) = match message {
        ToPage::Signal(signal) => {
            let is_last = matches!(signal, ServerSignal::Ended { .. } | ServerSignal::TakenOver);
            (Message::text(to_json(&signal)), is_last)
        }
        ToPage::Probe => (Message::Ping(Bytes::new()), false),
    };
    match timeout(STUCK, sink.send(message)).await {
        Ok(Ok(())) if !is_last => Then::GoOn,
        Ok(Ok(()) | Err(_)) | Err(_) => Then::End,
    }
}

struct Page<'a> {
    hub: &'a Hub,
    window: Window,
    mailbox: Mailbox<ToPage>,
    /// The session it joined, or asked to.
    session: Option<SessionId>,
    /// The customer here waits to be called.
    call: Option<Hashed>,
    faults: u32,
    from: SocketAddr,
    /// The host by which the page was reached.
    host: String,
    messages: Bucket,
    reports: Bucket,
}

impl Page<'_> {
    fn take(&mut self, text: &[u8]) -> Then {
        let (now, second) = (self.hub.now(), Duration::from_secs(1));
        let signal = parse(text, limits::SIGNAL);
        if let Ok(ClientSignal::Report { report }) = signal {
            // Only for metrics: what is too much is not counted, and nobody need know.
            if self.session.is_some() && self.reports.take(MESSAGES, second, now) {
                self.hub.metrics.report(report);
            }
            return Then::GoOn;
        }
        if !self.messages.take(MESSAGES, second, now) {
            return self.fault(Refusal::TooMany);
        }
        let window = self.window;
        let event = match signal {
            Err(_) => return self.fault(Refusal::Malformed),
            Ok(ClientSignal::Join { credential, take_over }) => return self.join(&credential, take_over),
            Ok(ClientSignal::Report { .. }) => return Then::GoOn,
            Ok(ClientSignal::Call { company, language, viewport, key }) => {
                let host = self.host.clone();
                return self.wait(Calling { company, host, language, viewport, key });
            }
            Ok(ClientSignal::Accept) => Event::Accept { window },
            Ok(ClientSignal::Check { same }) => Event::Check { window, same },
            Ok(ClientSignal::Pause) => Event::Pause { window },
            Ok(ClientSignal::Resume) => Event::Resume { window },
            Ok(ClientSignal::AskControl) => Event::AskControl { window },
            Ok(ClientSignal::AnswerControl { participant, give }) => Event::AnswerControl { window, participant, give },
            Ok(ClientSignal::TakeControl) => Event::TakeControl { window },
            Ok(ClientSignal::AskHelp) => Event::AskHelp { window },
            Ok(ClientSignal::File { transfer }) => Event::File { window, transfer },
            Ok(ClientSignal::Offer { sdp }) => Event::Offer { window, sdp },
            Ok(ClientSignal::End) => Event::End { window },
        };
        if !self.session.as_ref().is_some_and(|session| self.hub.handle(session, event)) {
            self.refuse(Refusal::NotAllowed);
        }
        Then::GoOn
    }

    fn wait(&mut self, calling: Calling) -> Then {
        if self.session.is_some() {
            self.refuse(Refusal::NotAllowed);
            return Then::GoOn;
        }
        self.hang_up();
        match self.hub.call(calling, self.from.ip(), self.window, self.mailbox.clone()) {
            Ok(call) => self.call = Some(call),
            Err(reason) => self.refuse(reason),
        }
        Then::GoOn
    }

    fn hang_up(&mut self) {
        if let Some(call) = self.call.take() {
            self.hub.hung_up(&call, self.window);
        }
    }

    fn join(&mut self, credential: &Credential, take_over: bool) -> Then {
        let now = self.hub.now();
        if !self.hub.rates().may_join(self.from.ip(), now) {
            self.refuse(Refusal::TooMany);
            return Then::End;
        }
        if let Some(session) = &self.session {
            if self.hub.is_current(session, self.window) {
                self.refuse(Refusal::NotAllowed);
                return Then::GoOn;
            }
            // It was told `Elsewhere`, and asks again.
            self.leave();
        }
        self.hang_up();
        match self.hub.join(credential, take_over, self.window, self.mailbox.clone()) {
            Ok(session) => self.session = Some(session),
            Err(reason) => self.refuse(reason),
        }
        Then::GoOn
    }

    fn alive(&self) -> Then {
        if let Some(session) = &self.session {
            self.hub.handle(session, Event::Alive { window: self.window });
        }
        Then::GoOn
    }

    fn leave(&mut self) {
        self.hang_up();
        if let Some(session) = self.session.take() {
            self.hub.left(&session, self.window);
        }
    }

    fn refuse(&self, reason: Refusal) {
        self.mailbox.post(ToPage::Signal(self.hub.refused(reason)));
    }

    fn fault(&mut self, reason: Refusal) -> Then {
        self.faults += 1;
        self.refuse(reason);
        if self.faults < PATIENCE { Then::GoOn } else { Then::End }
    }
}
