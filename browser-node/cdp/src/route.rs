//! Who gets what the browser says.

use crate::{CdpError, Handle};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};

/// Events waiting for one session's reader. When it is full the session is closed rather than events lost or memory
/// filled: a page that makes events faster than we read them costs itself.
const EVENT_QUEUE: usize = 1024;

/// One event of a session, its parameters still unparsed.
#[derive(Debug)]
pub struct Event {
    pub method: Box<str>,
    pub params: Box<RawValue>,
    /// Set for `Target.attachedToTarget`: the new session, registered already, so that none of its events is lost.
    pub attached: Option<Session>,
}

impl Event {
    /// Reads the parameters as `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, CdpError> {
        serde_json::from_str(self.params.get()).map_err(|_| CdpError::Shape)
    }
}

/// A target (or the browser itself) to command, and what it tells.
#[derive(Debug)]
pub struct Session {
    pub handle: Handle,
    /// Ends when the target is detached or the browser gone.
    pub events: mpsc::Receiver<Event>,
}

pub(crate) type Answer = oneshot::Sender<Result<Box<RawValue>, CdpError>>;

struct Pending {
    session: Option<Box<str>>,
    answer: Answer,
}

/// The routing table. Pure but for the channels it holds.
#[derive(Default)]
pub(crate) struct Routes {
    pending: HashMap<u64, Pending>,
    sessions: HashMap<Box<str>, mpsc::Sender<Event>>,
    closed: bool,
}

#[derive(Deserialize)]
struct Message<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "sessionId")]
    session: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
}

#[derive(Deserialize)]
struct SessionOf<'a> {
    #[serde(borrow, rename = "sessionId")]
    session: Cow<'a, str>,
}

impl Routes {
    pub(crate) fn open_session(&mut self, session: &str) -> mpsc::Receiver<Event> {
        let (sender, events) = mpsc::channel(EVENT_QUEUE);
        self.sessions.insert(session.into(), sender);
        events
    }

    pub(crate) fn expect(&mut self, id: u64, session: Option<&str>, answer: Answer) -> Result<(), CdpError> {
        if self.closed {
            return Err(CdpError::Closed);
        }
        self.pending.insert(id, Pending { session: session.map(Into::into), answer });
        Ok(())
    }

    pub(crate) fn forget(&mut self, id: u64) {
        self.pending.remove(&id);
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.sessions.clear();
        for (_, pending) in self.pending.drain() {
            let _ = pending.answer.send(Err(CdpError::Closed));
        }
    }

    /// Fails what is under way in a session: a crashed target never answers.
    pub(crate) fn fail(&mut self, session: Option<&str>) {
        for (_, gone) in self.pending.extract_if(|_, p| p.session.as_deref() == session) {
            let _ = gone.answer.send(Err(CdpError::Detached));
        }
    }

    /// Takes one message of the browser; `new_handle` makes the handle of a session that attaches with it.
    pub(crate) fn take(&mut self, message: &[u8], wanted: fn(&str) -> bool, new_handle: impl Fn(&str) -> Handle) {
        let Ok(message) = serde_json::from_slice::<Message<'_>>(message) else { return };
        if let Some(id) = message.id {
            let Some(pending) = self.pending.remove(&id) else { return };
            let _ = pending.answer.send(match (message.result, message.error) {
                (_, Some(refusal)) => Err(CdpError::Refused { code: refusal.code, message: refusal.message }),
                (Some(result), None) => Ok(result.to_owned()),
                (None, None) => Err(CdpError::Shape),
            });
            return;
        }
        let (Some(method), Some(params)) = (message.method, message.params) else { return };
        let attached = match &*method {
            "Target.attachedToTarget" => {
                let Ok(of) = serde_json::from_str::<SessionOf<'_>>(params.get()) else { return };
                Some(Session { events: self.open_session(&of.session), handle: new_handle(&of.session) })
            }
            "Target.detachedFromTarget" => {
                let Ok(of) = serde_json::from_str::<SessionOf<'_>>(params.get()) else { return };
                self.sessions.remove(&*of.session);
                self.fail(Some(&of.session));
                None
            }
            other if wanted(other) => None,
            _ => return,
        };
        let key = message.session.as_deref().unwrap_or("");
        let event = Event { method: method.as_ref().into(), params: params.to_owned(), attached };
        if self.sessions.get(key).is_some_and(|s| s.try_send(event).is_err()) {
            self.sessions.remove(key);
        }
    }
}
