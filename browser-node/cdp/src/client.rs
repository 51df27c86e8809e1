use crate::route::{Answer, Routes};
use crate::{COMMAND_TIMEOUT, CdpError, Session};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};

/// The largest message taken from the browser (bytes). A larger one ends the connection, and with it the browser.
const MAX_MESSAGE: u64 = 64 << 20;

struct Shared {
    out: mpsc::UnboundedSender<Vec<u8>>,
    next: AtomicU64,
    routes: Mutex<Routes>,
    wanted: fn(&str) -> bool,
}

impl Shared {
    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends commands to one target, or to the browser. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    session: Option<Arc<str>>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({:?})", self.session)
    }
}

#[derive(Serialize)]
struct Command<'a, P> {
    id: u64,
    method: &'a str,
    #[serde(rename = "sessionId", skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    params: P,
}

/// Speaks to the browser at the other end of `read` and `write`. `wanted` names the events that are of use; the others
/// are dropped unread. Must be called within a tokio runtime; returns the browser's own session.
pub fn connect(
    read: impl AsyncRead + Unpin + Send + 'static,
    mut write: impl AsyncWrite + Unpin + Send + 'static,
    wanted: fn(&str) -> bool,
) -> Session {
    // Unbounded, because everything that enters is ours: a command per input or event, each awaited or bounded elsewhere.
    let (out, mut commands) = mpsc::unbounded_channel::<Vec<u8>>();
    let mut routes = Routes::default();
    let events = routes.open_session("");
    let shared = Arc::new(Shared { out, next: AtomicU64::new(1), routes: Mutex::new(routes), wanted });
    tokio::spawn(async move {
        while let Some(command) = commands.recv().await {
            if write.write_all(&command).await.is_err() {
                break;
            }
        }
    });
    let reader = shared.clone();
    tokio::spawn(async move {
        read_all(read, &reader).await;
        reader.routes().close();
    });
    Session { handle: Handle { shared, session: None }, events }
}

async fn read_all(read: impl AsyncRead + Unpin, shared: &Arc<Shared>) {
    let mut read = BufReader::with_capacity(64 << 10, read);
    let mut message = Vec::new();
    loop {
        message.clear();
        match (&mut read).take(MAX_MESSAGE).read_until(0, &mut message).await {
            Ok(_) if message.pop() == Some(0) => {}
            _ => return,
        }
        let handle = |session: &str| Handle { shared: shared.clone(), session: Some(session.into()) };
        shared.routes().take(&message, shared.wanted, handle);
        message.shrink_to(1 << 20);
    }
}

impl Handle {
    /// Sends a command and waits for its result.
    pub async fn call<R: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<R, CdpError> {
        self.call_within(COMMAND_TIMEOUT, method, params).await
    }

    /// The same for a command that may take longer, or is to take less long.
    pub async fn call_within<R: DeserializeOwned>(
        &self,
        patience: Duration,
        method: &str,
        params: impl Serialize,
    ) -> Result<R, CdpError> {
        let (answer, result) = oneshot::channel();
        let id = self.send(method, params, Some(answer))?;
        match tokio::time::timeout(patience, result).await {
            Ok(Ok(Ok(value))) => serde_json::from_str(value.get()).map_err(|_| CdpError::Shape),
            Ok(Ok(Err(error))) => Err(error),
            Ok(Err(_)) => Err(CdpError::Closed),
            Err(_) => {
                self.shared.routes().forget(id);
                Err(CdpError::Timeout)
            }
        }
    }

    /// Sends a command whose result nobody needs.
    pub fn tell(&self, method: &str, params: impl Serialize) -> Result<(), CdpError> {
        self.send(method, params, None).map(drop)
    }

    /// Ends the wait for everything that is under way in this session.
    pub fn fail_pending(&self) {
        self.shared.routes().fail(self.session.as_deref());
    }

    fn send(&self, method: &str, params: impl Serialize, answer: Option<Answer>) -> Result<u64, CdpError> {
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let command = Command { id, method, session: self.session.as_deref(), params };
        let mut command = serde_json::to_vec(&command).map_err(|_| CdpError::Shape)?;
        command.push(0);
        if let Some(answer) = answer {
            self.shared.routes().expect(id, self.session.as_deref(), answer)?;
        }
        self.shared.out.send(command).map_err(|_| CdpError::Closed)?;
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tokio::io::DuplexStream;

    async fn read_command(browser: &mut BufReader<DuplexStream>) -> Value {
        let mut command = Vec::new();
        browser.read_until(0, &mut command).await.unwrap();
        command.pop();
        serde_json::from_slice(&command).unwrap()
    }

    async fn say(browser: &mut BufReader<DuplexStream>, message: Value) {
        browser.write_all(message.to_string().as_bytes()).await.unwrap();
        browser.write_all(&[0]).await.unwrap();
    }

    fn connected() -> (Session, BufReader<DuplexStream>) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(ours);
        (connect(read, write, |method| method == "Page.wanted"), BufReader::new(theirs))
    }

    #[tokio::test]
    async fn answers_find_their_callers_in_any_order() {
        let (session, mut browser) = connected();
        let (a, b) = (session.handle.clone(), session.handle.clone());
        let first = tokio::spawn(async move { a.call::<Value>("A.a", json!({})).await });
        let one = read_command(&mut browser).await;
        let second = tokio::spawn(async move { b.call::<Value>("B.b", json!({})).await });
        let two = read_command(&mut browser).await;
        say(&mut browser, json!({"id": two["id"], "error": {"code": -32000, "message": "no"}})).await;
        say(&mut browser, json!({"id": one["id"], "result": {"x": 1}})).await;
        assert_eq!(first.await.unwrap().unwrap(), json!({"x": 1}));
        assert!(matches!(second.await.unwrap(), Err(CdpError::Refused { code: -32000, .. })));
    }

    #[tokio::test]
    async fn events_reach_their_session_from_its_first_one_on() {
        let (mut session, mut browser) = connected();
        say(&mut browser, json!({"method": "Target.attachedToTarget", "params": {"sessionId": "S"}})).await;
        say(&mut browser, json!({"method": "Page.unwanted", "sessionId": "S", "params": {}})).await;
        say(&mut browser, json!({"method": "Page.wanted", "sessionId": "S", "params": {"n": 7}})).await;
        let mut page = session.events.recv().await.unwrap().attached.unwrap();
        let event = page.events.recv().await.unwrap();
        assert_eq!(event.parse::<Value>().unwrap(), json!({"n": 7}));
        let call = tokio::spawn({
            let page = page.handle.clone();
            async move { page.call::<Value>("Page.x", json!({})).await }
        });
        assert_eq!(read_command(&mut browser).await["sessionId"], "S");
        say(&mut browser, json!({"method": "Target.detachedFromTarget", "params": {"sessionId": "S"}})).await;
        assert!(matches!(call.await.unwrap(), Err(CdpError::Detached)));
        assert!(page.events.recv().await.is_none());
    }

    #[tokio::test]
    async fn a_crashed_target_and_a_lost_browser_leave_nobody_waiting() {
        let (session, mut browser) = connected();
        let call = |handle: Handle| tokio::spawn(async move { handle.call::<Value>("A.a", json!({})).await });
        let crashed = call(session.handle.clone());
        read_command(&mut browser).await;
        session.handle.fail_pending();
        assert!(matches!(crashed.await.unwrap(), Err(CdpError::Detached)));
        let lost = call(session.handle.clone());
        read_command(&mut browser).await;
        drop(browser);
        assert!(matches!(lost.await.unwrap(), Err(CdpError::Closed)));
        assert!(matches!(session.handle.call::<Value>("A.a", json!({})).await, Err(CdpError::Closed)));
    }

    #[tokio::test]
    async fn rubbish_and_floods_cost_only_themselves() {
        let (mut session, mut browser) = connected();
        for bad in ["{", "[]", "{\"id\":\"x\"}", "{\"id\":99,\"result\":{}}", "{\"method\":5}"] {
            browser.write_all(bad.as_bytes()).await.unwrap();
            browser.write_all(&[0]).await.unwrap();
        }
        say(&mut browser, json!({"method": "Target.attachedToTarget", "params": {"sessionId": "S"}})).await;
        let mut page = session.events.recv().await.unwrap().attached.unwrap();
        for n in 0..2000 {
            say(&mut browser, json!({"method": "Page.wanted", "sessionId": "S", "params": {"n": n}})).await;
        }
        say(&mut browser, json!({"method": "Page.wanted", "params": {}})).await;
        assert_eq!(&*session.events.recv().await.unwrap().method, "Page.wanted");
        let mut read = 0;
        while page.events.recv().await.is_some() {
            read += 1;
        }
        assert_eq!(read, 1024, "the flooding session is closed after its queue");
    }
}
