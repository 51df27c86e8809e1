//! Files on their way between a customer's page and a node, or from the page of somebody who helps to the customer's: who sends and who fetches meet here by a ticket each, and the bytes go
//! through as fast as the slower one takes them. Nothing is kept, and nobody here knows what a file is called.

use crate::hub::Hub;
use crate::tokens::{Expiring, Hashed, hashed, new_secret};
use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use futures_util::{StreamExt, stream};
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tandem_protocol::{SessionId, files};
use tandem_session::Now;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A ticket that nobody has used by then opens nothing any more.
const LIFE: Now = Now::from_secs(30);
/// One end that neither gives nor takes for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// What takes longer is broken off.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Files under way, of a session and of all, tickets that nobody has used yet among them.
const MOST: usize = 4;
const MOST_OF_ALL: usize = 512;
/// Pieces that wait for the one who fetches; the one who sends waits then.
const WAITING: usize = 4;

/// Whose a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Page,
    Node,
}

/// What goes through.
#[derive(Debug)]
enum Part {
    /// So many bytes, when the sender says it.
    Begin(Option<u64>),
    Bytes(Bytes),
    /// That was all; answered when it was taken.
    End(oneshot::Sender<()>),
}

#[derive(Debug)]
enum End {
    Send(mpsc::Sender<Part>),
    Fetch(mpsc::Receiver<Part>),
}

/// One file under way, for as long as one of its ends is held.
#[derive(Debug)]
struct Pipe {
    session: SessionId,
    cut: CancellationToken,
}

#[derive(Debug)]
struct Held {
    side: Side,
    end: End,
    pipe: Arc<Pipe>,
}

/// The tickets that were given out, and what is under way.
#[derive(Debug, Default)]
pub(crate) struct Files {
    held: Expiring<Hashed, Held>,
    pipes: Vec<Weak<Pipe>>,
}

impl Files {
    /// Tickets for one file: for who sends, and for who fetches. None while too many are under way.
    pub(crate) fn issue(
        &mut self,
        session: &SessionId,
        sender: Side,
        fetcher: Side,
        now: Now,
        shutdown: &CancellationToken,
    ) -> Option<(String, String)> {
        self.held.expire(now);
        self.pipes.retain(|pipe| pipe.strong_count() > 0);
        let of_session = self.pipes.iter().filter_map(Weak::upgrade).filter(|pipe| pipe.session == *session).count();
        if of_session >= MOST || self.pipes.len() >= MOST_OF_ALL {
            return None;
        }
        let pipe = Arc::new(Pipe { session: session.clone(), cut: shutdown.child_token() });
        self.pipes.push(Arc::downgrade(&pipe));
        let (to, from) = mpsc::channel(WAITING);
        let mut hold = |side, end| {
            let ticket = new_secret();
            self.held.insert(hashed(&ticket), Held { side, end, pipe: pipe.clone() }, now + LIFE);
            ticket
        };
        Some((hold(sender, End::Send(to)), hold(fetcher, End::Fetch(from))))
    }

    /// Used once, by whomever and for whatever.
    fn take(&mut self, ticket: &str, side: Side, now: Now) -> Option<(End, Arc<Pipe>)> {
        let Held { end, pipe, .. } = self.held.take(&hashed(ticket), now).filter(|held| held.side == side)?;
        Some((end, pipe))
    }

    /// The session is over, and what is under way with it.
    pub(crate) fn forget(&mut self, session: &SessionId) {
        self.held.retain(|held| held.pipe.session != *session);
        let of_session = self.pipes.iter().filter_map(Weak::upgrade).filter(|pipe| pipe.session == *session);
        of_session.for_each(|pipe| pipe.cut.cancel());
    }

    pub(crate) fn expire(&mut self, now: Now) {
        self.held.expire(now);
    }
}

/// The node's side; the pages' is among the API's routes.
pub(crate) fn router(hub: Arc<Hub>) -> Router {
    let send = async |State(hub): State<Arc<Hub>>, Path(ticket): Path<String>, request: Request| {
        answer(send(&hub, Side::Node, &ticket, request).await)
    };
    let fetch = async |State(hub): State<Arc<Hub>>, Path(ticket): Path<String>| {
        fetch(&hub, Side::Node, &ticket).await.unwrap_or_else(|broken| answer(Err(broken)))
    };
    // The node will not have it: the other end need not wait.
    let decline = async |State(hub): State<Arc<Hub>>, Path(ticket): Path<String>| {
        let now = hub.now();
        drop(hub.state().files.take(&ticket, Side::Node, now));
        StatusCode::NO_CONTENT
    };
    Router::new().route("/control/files/{ticket}", put(send).get(fetch).delete(decline)).with_state(hub)
}

fn answer(sent: Result<(), Broken>) -> Response {
    match sent {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(broken) => (broken.status(), format!("{broken}\n")).into_response(),
    }
}

/// Why a file did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("this ticket opens nothing (any more)")]
    NoTicket,
    #[error("the file is too large")]
    TooLarge,
    #[error("the other end is gone")]
    Gone,
    #[error("nothing came, or was taken, for too long")]
    Late,
}

impl Broken {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Broken::NoTicket => StatusCode::NOT_FOUND,
            Broken::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Broken::Gone => StatusCode::GONE,
            Broken::Late => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// As the API says it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Broken::NoTicket => "not_found",
            Broken::TooLarge => "too_large",
            Broken::Gone | Broken::Late => "broken_off",
        }
    }
}

/// Sends the request's body to whoever fetches; done when they have all of it.
pub(crate) async fn send(hub: &Hub, side: Side, ticket: &str, request: Request) -> Result<(), Broken> {
    let now = hub.now();
    let Some((End::Send(to), pipe)) = hub.state().files.take(ticket, side, now) else { return Err(Broken::NoTicket) };
    let length = length(request.headers());
    if length.is_some_and(|bytes| bytes > files::FILE) {
        return Err(Broken::TooLarge);
    }
    tokio::select! {
        () = pipe.cut.cancelled() => Err(Broken::Gone),
        sent = timeout(LONGEST, push(to, length, request.into_body().into_data_stream())) => sent.unwrap_or(Err(Broken::Late)),
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn push(to: mpsc::Sender<Part>, length: Option<u64>, mut body: BodyDataStream) -> Result<(), Broken> {
    let give = async |part| match timeout(PATIENCE, to.send(part)).await {
        Ok(given) => given.map_err(|_| Broken::Gone),
        Err(_) => Err(Broken::Late),
    };
    give(Part::Begin(length)).await?;
    let mut sent = 0;
    loop {
        let bytes = tokio::select! {
            () = to.closed() => return Err(Broken::Gone),
            bytes = timeout(PATIENCE, body.next()) => bytes.map_err(|_| Broken::Late)?,
        };
        let Some(bytes) = bytes else { break };
        let bytes = bytes.map_err(|_| Broken::Gone)?;
        sent += bytes.len() as u64;
        if sent > files::FILE {
            return Err(Broken::TooLarge);
        }
        give(Part::Bytes(bytes)).await?;
    }
    let (taken, all) = oneshot::channel();
    give(Part::End(taken)).await?;
    timeout(PATIENCE, all).await.map_err(|_| Broken::Late)?.map_err(|_| Broken::Gone)
}

/// Answers with what the other end sends. Should that break off, so does the answer.
pub(crate) async fn fetch(hub: &Hub, side: Side, ticket: &str) -> Result<Response, Broken> {
    let now = hub.now();
    let Some((End::Fetch(mut from), pipe)) = hub.state().files.take(ticket, side, now) else {
        return Err(Broken::NoTicket);
    };
    let length = match next(&mut from, &pipe.cut).await? {
        Part::Begin(length) => length,
        Part::Bytes(_) | Part::End(_) => return Err(Broken::Gone),
    };
    let mut open = Open { from, pipe, left: length };
    let body = if length == Some(0) {
        open.end().await?;
        Body::empty()
    } else {
        Body::from_stream(stream::unfold(Some(open), async |open| {
            let mut open = open?;
            match open.piece().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(open))),
                Ok(None) => None,
                Err(broken) => Some((Err(io::Error::other(broken)), None)),
            }
        }))
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // The page says what it is called.
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Ok(response)
}

/// What is still to come.
struct Open {
    from: mpsc::Receiver<Part>,
    pipe: Arc<Pipe>,
    /// So many bytes, when the sender has said it.
    left: Option<u64>,
}

impl Open {
    async fn piece(&mut self) -> Result<Option<Bytes>, Broken> {
        match next(&mut self.from, &self.pipe.cut).await? {
            Part::Bytes(bytes) => {
                if let Some(left) = &mut self.left {
                    *left = left.checked_sub(bytes.len() as u64).ok_or(Broken::Gone)?;
                    if *left == 0 {
                        // Whoever answers with so many bytes asks for no more of them.
                        self.end().await?;
                    }
                }
                Ok(Some(bytes))
            }
            Part::End(taken) if self.left.is_none() => {
                // Whoever sent it may have given up meanwhile.
                let _ = taken.send(());
                Ok(None)
            }
            Part::End(_) | Part::Begin(_) => Err(Broken::Gone),
        }
    }

    async fn end(&mut self) -> Result<(), Broken> {
        match next(&mut self.from, &self.pipe.cut).await? {
            Part::End(taken) => {
                let _ = taken.send(());
                Ok(())
            }
            Part::Begin(_) | Part::Bytes(_) => Err(Broken::Gone),
        }
    }
}

async fn next(from: &mut mpsc::Receiver<Part>, cut: &CancellationToken) -> Result<Part, Broken> {
    tokio::select! {
        () = cut.cancelled() => Err(Broken::Gone),
        part = timeout(PATIENCE, from.recv()) => part.map_err(|_| Broken::Late)?.ok_or(Broken::Gone),
    }
}
