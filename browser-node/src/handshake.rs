//! What node and worker say to each other over the socket that the worker inherits. Both are one executable, and the
//! version is checked all the same: an upgrade may replace the file while the node runs.

use crate::metrics::{Counter, Stage, Tally};
use crate::worker::encoder::Encoded;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tandem_masking::Shows;
use tandem_protocol::control::Claim;
use tandem_protocol::files::Transfer;
use tandem_protocol::notice::{Denied, Tab};
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::EndReason;
use tandem_protocol::{ParticipantId, Private, Rights, Role};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

/// Changes with every change of [`Order`] or [`Report`].
pub const VERSION: u32 = 6;
/// The largest message taken (bytes); the largest sent is a policy.
const LARGEST: u64 = 1 << 20;

/// What a worker is started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepare {
    pub version: u32,
    /// Its own directory on tmpfs.
    pub directory: PathBuf,
    pub chromium: Option<PathBuf>,
    /// Cisco's own binary of openh264; the one built in when unset.
    pub openh264: Option<PathBuf>,
    /// The address from which the SFU is reached.
    pub media_address: IpAddr,
    /// Where signalling is (`host:port`), by which files go.
    pub signaling: String,
    /// Private addresses (`host:port`) that pages may be loaded from, for development.
    pub allow_private: Vec<String>,
}

/// Node to worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    Prepare(Prepare),
    Claim { claim: Box<Claim> },
    Admit { participant: ParticipantId, role: Role, rights: Rights },
    Allow { participant: ParticipantId, rights: Rights },
    Dismiss { participant: ParticipantId },
    Answer { sdp: Private<String> },
    Reconnect,
    Navigate { url: Private<String> },
    Policy { policy: Policy },
    File { transfer: Transfer, ticket: Private<String> },
    Release,
}

/// Worker to node.
#[expect(clippy::large_enum_variant, reason = "the large one, a tally, is the one that is sent all the time")]
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Report {
    /// The browser is up and has proved itself.
    Ready {
        milliseconds: u64,
    },
    /// The session is its from now on.
    Claimed,
    /// It cannot be used; the worker ends.
    Failed {
        message: String,
    },
    Offer {
        sdp: Private<String>,
    },
    /// The tabs as agents may know them, and where the customer is.
    Tabs {
        tabs: Vec<Tab>,
        at: Option<Private<String>>,
    },
    Active,
    Denied {
        participant: ParticipantId,
        reason: Denied,
        times: u32,
    },
    Tally {
        tally: Tally,
    },
    Ended {
        reason: EndReason,
    },
}

/// Reads messages of one kind, one JSON text a line.
pub struct Receiver<T> {
    read: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// The orders as the worker receives them.
pub type Orders = Receiver<Order>;

impl<T: serde::de::DeserializeOwned> Receiver<T> {
    /// The next message; none when the other end is gone or says what is no message. Cancelling it loses nothing.
    pub async fn recv(&mut self) -> Option<T> {
        loop {
            let budget = LARGEST.saturating_sub(self.line.len() as u64);
            let read = (&mut self.read).take(budget).read_until(b'\n', &mut self.line).await.ok()?;
            if self.line.ends_with(b"\n") {
                let message = serde_json::from_slice(&self.line).ok();
                self.line.clear();
                return message;
            }
            if read == 0 {
                return None;
            }
        }
    }
}

/// Splits a connection into what is received and a queue of what is sent. The queue never waits: its messages are few,
/// and the other end is our own process.
pub fn open<In, Out: Serialize + Send + 'static>(stream: UnixStream) -> (Receiver<In>, mpsc::UnboundedSender<Out>) {
    let (read, write) = stream.into_split();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(write_all(write, receiver));
    (Receiver { read: BufReader::new(read), line: Vec::new(), kind: std::marker::PhantomData }, sender)
}

async fn write_all<Out: Serialize>(mut write: OwnedWriteHalf, mut messages: mpsc::UnboundedReceiver<Out>) {
    while let Some(message) = messages.recv().await {
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
        if write.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// How the worker reports: at once, but for measurements, which are gathered.
#[derive(Clone)]
pub struct Reporter {
    reports: mpsc::UnboundedSender<Report>,
    tally: Arc<Mutex<Tally>>,
}

impl Reporter {
    pub fn new(reports: mpsc::UnboundedSender<Report>) -> Reporter {
        Reporter { reports, tally: Arc::default() }
    }

    pub fn send(&self, report: Report) {
        // When the node is gone the worker ends by itself.
        let _ = self.reports.send(report);
    }

    fn change(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn count(&self, counter: Counter) {
        self.change(|tally| tally.count(counter, 1));
    }

    pub fn denied(&self, reason: Denied) {
        self.change(|tally| tally.denied(reason));
    }

    pub fn withheld(&self, shows: Shows) {
        self.change(|tally| tally.withheld(shows));
    }

    pub fn took(&self, stage: Stage, time: Duration) {
        self.change(|tally| tally.took(stage, time));
    }

    pub fn picture(&self, picture: &Encoded) {
        self.change(|tally| {
            tally.count(Counter::Frames, 1);
            tally.count(Counter::Keyframes, u64::from(picture.keyframe));
            tally.count(Counter::EncodedBytes, picture.data.len() as u64);
            tally.took(Stage::Encode, picture.took);
            if let Some((_, committed)) = picture.commits {
                tally.took(Stage::Capture, (picture.finished - picture.took).saturating_duration_since(committed));
            }
        });
    }

    pub fn sound(&self, packet: &tandem_sound::Packet) {
        self.change(|tally| {
            tally.count(Counter::SoundPackets, 1);
            tally.count(Counter::SoundBytes, packet.data.len() as u64);
        });
    }

    /// Sends what was gathered, when there is anything.
    pub fn flush(&self) {
        let tally = std::mem::take(&mut *self.tally.lock().unwrap_or_else(PoisonError::into_inner));
        if !tally.is_empty() {
            self.send(Report::Tally { tally });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_arrive_whole_and_rubbish_ends_the_connection() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (mut orders, _reports) = open::<Order, Report>(theirs);
        let (mut reports, sender) = open::<Report, Order>(ours);
        sender.send(Order::Navigate { url: "https://shop.example/a\nb".into() }).unwrap();
        sender.send(Order::Release).unwrap();
        assert!(matches!(orders.recv().await, Some(Order::Navigate { url }) if url.reveal().ends_with("a\nb")));
        assert!(matches!(orders.recv().await, Some(Order::Release)));
        drop(sender);
        assert!(orders.recv().await.is_none());
        drop((orders, _reports));
        assert!(reports.recv().await.is_none());
    }

    #[tokio::test]
    async fn a_message_without_end_is_not_gathered_for_ever() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let (mut orders, _reports) = open::<Order, Report>(theirs);
        tokio::spawn(async move { while ours.write_all(&[b' '; 65_536]).await.is_ok() {} });
        assert!(orders.recv().await.is_none());
    }
}
