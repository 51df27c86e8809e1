//! A browser node as it runs on its own: its binary, real browsers, and signalling's end of its link in the test's hands.

use futures_util::{SinkExt, StreamExt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tandem_protocol::control::{Claim, Component, FromControl, NodeOrder, NodeReport, ToControl};
use tandem_protocol::signal::EndReason;
use tandem_protocol::{SessionId, Viewport, limits, parse, to_json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const PROGRAM: &str = env!("CARGO_BIN_EXE_tandem-browser-node");

/// How a node is started.
struct Setup {
    command: Command,
    listener: TcpListener,
    runtime: TempDir,
}

impl Setup {
    async fn new(slots: u32) -> Setup {
        // A slot's user is nobody else's: what runs as that user is killed with the slot.
        static USERS: AtomicU32 = AtomicU32::new(0);
        let first_user = 30_000 + std::process::id() % 30_000 * 16 + USERS.fetch_add(4, Ordering::Relaxed);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let runtime = tempfile::tempdir_in("/dev/shm").unwrap();
        // So that the slots' users reach what is theirs in it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(runtime.path(), open).unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TANDEM_CONTROL_URL", format!("ws://{}/control", listener.local_addr().unwrap()))
            .env("TANDEM_CONTROL_KEY", "a-key-of-components-0123456789abcdef")
            .env("TANDEM_OPS_LISTEN", "127.0.0.1:0")
            .env("TANDEM_RUNTIME", runtime.path())
            .env("TANDEM_FIRST_USER", first_user.to_string())
            .env("TANDEM_SLOTS", slots.to_string())
            .stdin(Stdio::null());
        Setup { command, listener, runtime }
    }

    /// Runs it until it ends by itself; gives what it said.
    async fn refused(mut self) -> String {
        let child = self.command.stderr(Stdio::piped()).spawn().unwrap();
        let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    async fn start(mut self) -> Node {
        let child = self.command.spawn().unwrap();
        let (stream, _) = tokio::time::timeout(PATIENCE, self.listener.accept()).await.expect("it dials in").unwrap();
        let control = tokio_tungstenite::accept_async(stream).await.unwrap();
        let mut node = Node { child, control, heard: Vec::new(), runtime: self.runtime };
        assert!(matches!(node.next().await, ToControl::Register { component: Component::Node { .. }, .. }));
        node.say(&FromControl::Registered { lease_seconds: 60 }).await;
        node
    }
}

struct Node {
    child: Child,
    control: WebSocketStream<TcpStream>,
    heard: Vec<NodeReport>,
    runtime: TempDir,
}

impl Node {
    async fn say(&mut self, message: &FromControl) {
        self.control.send(Message::text(to_json(message))).await.unwrap();
    }

    async fn order(&mut self, order: NodeOrder) {
        self.say(&FromControl::Node { order }).await;
    }

    async fn claim(&mut self, session: &SessionId) {
        let claim = Claim {
            start_url: "about:blank".to_owned().into(),
            viewport: Viewport::DEFAULT,
            language: "en".into(),
            policy: Box::default(),
        };
        self.order(NodeOrder::Claim { session: session.clone(), claim }).await;
    }

    async fn next(&mut self) -> ToControl {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.control.next()).await.expect("a report in time");
            if let Message::Text(text) = message.expect("the link stands").unwrap() {
                return parse(text.as_bytes(), limits::COMPONENT).unwrap();
            }
        }
    }

    /// The first report of this kind that has not been heard yet.
    async fn hears<T>(&mut self, is: impl Fn(&NodeReport) -> Option<T>) -> T {
        loop {
            if let Some(at) = self.heard.iter().position(|report| is(report).is_some()) {
                return is(&self.heard.remove(at)).unwrap();
            }
            if let ToControl::Node { report } = self.next().await {
                self.heard.push(report);
            }
        }
    }

    /// Waits until so many browsers have proved themselves and are free.
    async fn ready(&mut self, wanted: u32) {
        self.hears(|report| matches!(report, NodeReport::Slots { ready, .. } if *ready == wanted).then_some(())).await;
    }

    async fn claimed(&mut self, session: &SessionId) -> Result<(), String> {
        self.hears(|report| match report {
            NodeReport::Claimed { session: of } if of == session => Some(Ok(())),
            NodeReport::Refused { session: of, message } if of == session => Some(Err(message.clone())),
            _ => None,
        })
        .await
    }

    async fn ended(&mut self, session: &SessionId) -> EndReason {
        self.hears(|report| match report {
            NodeReport::Ended { session: of, reason } if of == session => Some(*reason),
            _ => None,
        })
        .await
    }

    /// Where the slots keep their files.
    fn slots(&self) -> Vec<PathBuf> {
        let node = self.runtime.path().join(format!("tandem-{}", self.child.id()));
        std::fs::read_dir(node).map(|slots| slots.flatten().map(|slot| slot.path()).collect()).unwrap_or_default()
    }

    fn terminate(&mut self) -> ExitStatus {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Node {
    /// A test that fails leaves nothing running either.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
        }
    }
}

/// The processes whose command line has all of these words.
fn processes(words: &[&str]) -> Vec<Pid> {
    let pid = |entry: &std::fs::DirEntry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw);
    let has = |entry: &std::fs::DirEntry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        words.iter().all(|word| line.contains(word))
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(has).filter_map(|entry| pid(&entry)).collect()
}

fn in_directory<'a>(directory: &'a Path, more: &[&'a str]) -> Vec<Pid> {
    processes(&[&[directory.to_str().unwrap()], more].concat())
}

fn session(number: u8) -> SessionId {
    SessionId::from_random([number; 16])
}

#[tokio::test]
async fn slots_are_claimed_released_and_leave_nothing() {
    let mut node = Setup::new(2).await.start().await;
    node.ready(1).await;
    let (first, second, third) = (session(1), session(2), session(3));
    node.claim(&first).await;
    assert_eq!(node.claimed(&first).await, Ok(()));
    let offer = node.hears(|report| match report {
        NodeReport::Offer { sdp, .. } => Some(sdp.reveal().clone()),
        _ => None,
    });
    assert_eq!(offer.await.matches("m=video").count(), 2, "a track for each audience");
    node.claim(&first).await;
    assert_eq!(node.claimed(&first).await, Err("the session has a slot here already".into()));
    node.claim(&second).await;
    assert_eq!(node.claimed(&second).await, Ok(()));
    node.claim(&third).await;
    assert_eq!(node.claimed(&third).await, Err("no slot is free".into()));
    let slots = node.slots();
    assert_eq!(slots.len(), 2);
    assert!(slots.iter().all(|slot| !in_directory(slot, &["--user-data-dir"]).is_empty()));
    node.order(NodeOrder::Release { session: first.clone() }).await;
    assert_eq!(node.ended(&first).await, EndReason::Api);
    // What it says is so: only then is the slot used anew.
    let kept = node.slots().into_iter().find(|slot| !in_directory(slot, &["--user-data-dir"]).is_empty()).unwrap();
    assert!(slots.contains(&kept));
    assert!(node.terminate().success());
    let runtime = node.runtime.path();
    assert_eq!(std::fs::read_dir(runtime).unwrap().count(), 0, "no file is left");
    assert_eq!(in_directory(runtime, &[]), [], "no process is left");
}

#[tokio::test]
async fn a_warm_browser_that_breaks_is_replaced_and_nobody_is_given_it() {
    let mut node = Setup::new(1).await.start().await;
    node.ready(1).await;
    let kill_all = |of: Vec<Pid>| of.into_iter().for_each(|pid| kill(pid, Signal::SIGKILL).unwrap_or_default());
    kill_all(in_directory(node.runtime.path(), &["--type=renderer"]));
    node.ready(0).await;
    node.ready(1).await;
    // A claim that comes before its end is known is served by the next browser.
    kill_all(in_directory(node.runtime.path(), &["--user-data-dir"]));
    let claimed = session(1);
    node.claim(&claimed).await;
    assert_eq!(node.claimed(&claimed).await, Ok(()));
    // A browser that dies with its session ends it.
    kill_all(in_directory(node.runtime.path(), &["--user-data-dir"]));
    assert_eq!(node.ended(&claimed).await, EndReason::Node);
    node.ready(1).await;
    assert!(node.terminate().success());
}

#[tokio::test]
async fn an_ordinary_user_can_run_it() {
    let mut setup = Setup::new(1).await;
    if Uid::effective().is_root() {
        let user = Uid::from_raw(65_534);
        chown(setup.runtime.path(), Some(user), None).unwrap();
        // Where the build is may be closed to others.
        let copy = setup.runtime.path().join("node");
        std::fs::copy(PROGRAM, &copy).unwrap();
        let arguments: Vec<_> =
            setup.command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        setup.command = Command::new(&copy);
        setup.command.env_clear().envs(arguments).uid(user.as_raw()).gid(user.as_raw());
    }
    let mut node = setup.start().await;
    node.ready(1).await;
    assert!(node.terminate().success());
}

#[tokio::test]
async fn what_keeps_it_from_working_is_said_plainly() {
    let mut closed = Setup::new(1).await;
    closed.command.env("TANDEM_RUNTIME", "/proc/nowhere");
    let said = closed.refused().await;
    assert!(said.contains("/proc/nowhere"), "{said}");

    let mut keyless = Setup::new(1).await;
    keyless.command.env_remove("TANDEM_CONTROL_KEY");
    assert!(keyless.refused().await.contains("TANDEM_CONTROL_KEY"));

    let mut none = Setup::new(1).await;
    none.command.env("TANDEM_CHROMIUM", "/nowhere/chromium");
    let mut node = none.start().await;
    let session = session(1);
    node.claim(&session).await;
    let said = node.claimed(&session).await.unwrap_err();
    assert!(said.contains("no Chromium is installed"), "{said}");
    assert!(node.terminate().success());
}
