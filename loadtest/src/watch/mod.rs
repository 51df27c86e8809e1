//! An agent without a browser: it joins a session by its link, examines every picture that it is sent, and listens to all
//! that it is told. It answers on stdout what it is asked on stdin, a line each, and leaves when stdin ends.

mod colour;
mod connection;
mod examiner;
mod units;

use crate::WatchArguments;
use anyhow::{Context, Result, bail};
use connection::{Connection, Event};
use examiner::Work;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::net::IpAddr;
use std::time::Duration;
use tandem_protocol::input::channel;
use tandem_protocol::notice::Notice;
use tandem_protocol::signal::{ClientSignal, Credential, ServerSignal, SessionState};
use tandem_protocol::{limits, parse, to_json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

/// How long it may take until pictures come, once the session is live.
const PATIENCE: Duration = Duration::from_secs(20);
/// So many messages with the canary are kept, and so much of each (characters): it is to be none at all.
const KEPT: usize = 100;
const EXCERPT: usize = 200;

type Socket = WebSocketStream<TcpStream>;
/// What is asked on stdin; closed at its end.
type Lines = mpsc::UnboundedReceiver<String>;

pub async fn run(arguments: WatchArguments) -> Result<()> {
    let (mut socket, address) = join(&arguments.url).await?;
    let mut told = Told { canary: arguments.canary.to_lowercase(), messages: 0, heard: Vec::new(), pointers: 0 };
    let mut lines = asked();
    if !is_live(&mut socket, &mut lines, &mut told).await? {
        return Ok(());
    }
    let (needs_keyframe, keyframes_needed) = mpsc::unbounded_channel();
    let work = examiner::start(needs_keyframe)?;
    let (connection, offer) = Connection::open(address, work.clone()).await?;
    say(&mut socket, &ClientSignal::Offer { sdp: offer.into() }).await?;
    let mut agent = Agent { socket, connection, work, told };
    let ended = agent.run(lines, keyframes_needed).await;
    // It is going away in any case, and has perhaps gone already.
    agent.connection.close().await;
    let _ = agent.socket.close(None).await;
    ended
}

/// Reads stdin on a thread of its own: reading it cannot be given up.
fn asked() -> Lines {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Opens the conversation with signalling; gives also our address on the way to it.
async fn join(link: &Url) -> Result<(Socket, IpAddr)> {
    if link.scheme() != "http" {
        bail!("only links that begin with http:// can be joined");
    }
    let fragment = link.fragment().unwrap_or_default();
    let token = url::form_urlencoded::parse(fragment.as_bytes()).find(|(name, _)| name == "t");
    let (_, token) = token.context("the link has no token")?;
    let host = link.host_str().context("the link has no host")?;
    let port = link.port_or_known_default().context("the link has no port")?;
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.context("nobody answers there")?;
    stream.set_nodelay(true)?;
    let address = stream.local_addr()?.ip();
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{host}:{port}/ws"), stream).await?;
    let credential = Credential::Token { token: token.into_owned().into() };
    say(&mut socket, &ClientSignal::Join { credential, take_over: false }).await?;
    Ok((socket, address))
}

/// Waits until the customer has accepted; false when stdin ends before.
async fn is_live(socket: &mut Socket, lines: &mut Lines, told: &mut Told) -> Result<bool> {
    loop {
        let signal = tokio::select! {
            signal = next(socket, told) => signal?,
            line = lines.recv() => match line {
                Some(_) => bail!("the session is not live yet"),
                None => return Ok(false),
            },
        };
        if let Some(ServerSignal::State { state: SessionState::Live }) = signal {
            return Ok(true);
        }
        check(signal.as_ref())?;
    }
}

struct Agent {
    socket: Socket,
    connection: Connection,
    work: std::sync::mpsc::Sender<Work>,
    told: Told,
}

impl Agent {
    async fn run(&mut self, mut lines: Lines, mut keyframes_needed: mpsc::UnboundedReceiver<()>) -> Result<()> {
        let no_picture = tokio::time::sleep(PATIENCE);
        tokio::pin!(no_picture);
        let mut sees = false;
        loop {
            let answer = tokio::select! {
                signal = next(&mut self.socket, &mut self.told) => {
                    let signal = signal?;
                    check(signal.as_ref())?;
                    if let Some(ServerSignal::Answer { sdp }) = signal {
                        self.connection.answer(sdp.into_inner()).await?;
                    }
                    continue;
                }
                event = self.connection.next() => match event.context("the connection is gone")? {
                    Event::Message { channel, data } => {
                        self.told.hear(&channel, &data);
                        continue;
                    }
                    Event::Picture if !sees => {
                        sees = true;
                        json!({ "ready": true })
                    }
                    Event::Picture => continue,
                    Event::Lost => bail!("the media connection was lost"),
                },
                Some(()) = keyframes_needed.recv() => {
                    self.connection.ask_for_keyframe().await;
                    continue;
                }
                line = lines.recv() => match line.as_deref().map(str::trim) {
                    Some("take") => self.take().await?,
                    Some("heard") => self.told.answer(),
                    Some(_) => bail!("neither \"take\" nor \"heard\""),
                    None => return Ok(()),
                },
                () = &mut no_picture, if !sees => bail!("no picture came"),
            };
            writeln!(std::io::stdout(), "{answer}").context("nobody reads what was seen")?;
        }
    }

    /// What was seen, and where others point, since the last time.
    async fn take(&mut self) -> Result<Value> {
        let (sender, sums) = oneshot::channel();
        self.work.send(Work::Take(sender)).ok().context("the examiner is gone")?;
        let mut seen = serde_json::to_value(sums.await.context("the examiner is gone")?)?;
        seen["pointers"] = std::mem::take(&mut self.told.pointers).into();
        Ok(seen)
    }
}

/// What this agent was told beside the picture, as far as it must not have been.
struct Told {
    canary: String,
    messages: u64,
    heard: Vec<String>,
    /// Places and presses of other people's pointers, since the last time somebody asked.
    pointers: u64,
}

impl Told {
    fn hear(&mut self, from: &str, data: &[u8]) {
        self.messages += 1;
        let is_press = || matches!(parse(data, limits::CONTROL), Ok(Notice::Press { .. }));
        self.pointers += u64::from(from == channel::POINTER || from == channel::CONTROL && is_press());
        let text = String::from_utf8_lossy(data);
        if self.heard.len() < KEPT && text.to_lowercase().contains(&self.canary) {
            self.heard.push(format!("{from}: {}", text.chars().take(EXCERPT).collect::<String>()));
        }
    }

    fn answer(&self) -> Value {
        json!({ "messages": self.messages, "heard": self.heard })
    }
}

async fn say(socket: &mut Socket, signal: &ClientSignal) -> Result<()> {
    socket.send(Message::text(to_json(signal))).await.context("signalling does not listen")
}

/// The next thing that signalling says; none for what is not said to us.
async fn next(socket: &mut Socket, told: &mut Told) -> Result<Option<ServerSignal>> {
    let message = socket.next().await.context("signalling hung up")?.context("signalling hung up")?;
    let Message::Text(text) = message else { return Ok(None) };
    told.hear("signalling", text.as_bytes());
    Ok(Some(parse(text.as_bytes(), limits::SIGNAL)?))
}

/// What ends it.
fn check(signal: Option<&ServerSignal>) -> Result<()> {
    match signal {
        Some(ServerSignal::Ended { reason, .. }) => bail!("the session is over ({reason:?})"),
        Some(ServerSignal::Refused { reason }) => bail!("refused ({reason:?})"),
        Some(ServerSignal::Elsewhere | ServerSignal::TakenOver) => bail!("the same agent is there in another window"),
        Some(ServerSignal::Reconnect) => bail!("the media connection was lost at the other end"),
        Some(
            ServerSignal::Joined { .. }
            | ServerSignal::State { .. }
            | ServerSignal::People { .. }
            | ServerSignal::Waiting { .. }
            | ServerSignal::Called { .. }
            | ServerSignal::Check { .. }
            | ServerSignal::Ticket { .. }
            | ServerSignal::Answer { .. },
        )
        | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_told_is_heard_in_any_case_and_kept_in_part() {
        let mut told = Told { canary: "canary".into(), messages: 0, heard: Vec::new(), pointers: 0 };
        told.hear("control", b"{\"type\":\"tabs\"}");
        told.hear("control", &[0xff, 0xfe]);
        assert_eq!(told.answer(), json!({ "messages": 2, "heard": [] }));
        assert_eq!(told.pointers, 0);
        for _ in 0..KEPT + 5 {
            told.hear("pointer", format!("{} a CaNaRy", "é".repeat(EXCERPT)).as_bytes());
        }
        assert_eq!((told.heard.len(), told.pointers), (KEPT, KEPT as u64 + 5));
        assert_eq!(told.heard[0], format!("pointer: {}", "é".repeat(EXCERPT)));
    }

    #[tokio::test]
    async fn a_link_that_cannot_be_joined_is_said() {
        for (link, error) in [
            ("https://help.example/agent#t=a", "only links that begin with http:// can be joined"),
            ("http://127.0.0.1:1/agent", "the link has no token"),
            ("http://127.0.0.1:1/agent#t=a", "nobody answers there"),
        ] {
            let refused = join(&Url::parse(link).unwrap()).await.map(drop).unwrap_err();
            assert_eq!(refused.to_string(), error, "{link}");
        }
    }
}
