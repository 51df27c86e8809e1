//! The server's thread: sockets, and the clock that takes what is played.

use crate::client::Client;
use crate::voice::Voice;
use crate::{CHANNELS, FRAME, FRAME_SAMPLES};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::SigSet;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::sys::time::TimeSpec;
use nix::unistd::Uid;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant, SystemTime};

/// Connections at once. Chromium has one.
const CLIENTS: usize = 4;
/// What is later than this is not caught up with: pages would play too fast.
const BEHIND: Duration = Duration::from_millis(200);
/// Read at once (bytes).
const CHUNK: usize = 64 << 10;

/// Serves until the other end of `alive` closes.
pub fn run(listener: &UnixListener, alive: &UnixStream, mut voice: Voice) {
    let mut clients: Vec<(UnixStream, Client)> = Vec::new();
    let mut due: Option<Instant> = None;
    let mut chunk = vec![0; CHUNK];
    loop {
        due = match due {
            _ if !clients.iter().any(|(_, client)| client.plays()) => None,
            None => Some(Instant::now() + FRAME),
            due => due,
        };
        if due.is_none() {
            voice.rest();
        }
        let mut fds =
            vec![PollFd::new(alive.as_fd(), PollFlags::POLLIN), PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        for (socket, client) in &clients {
            let writes = if client.outgoing.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
            fds.push(PollFd::new(socket.as_fd(), PollFlags::POLLIN | writes));
        }
        let wait = due.map(|at| TimeSpec::from_duration(at.saturating_duration_since(Instant::now())));
        // An interrupted or failed wait is as good as a short one.
        let _ = ppoll(&mut fds, wait, None::<SigSet>);
        let [ended, came] = [&fds[0], &fds[1]].map(|fd| fd.any() == Some(true));
        if ended {
            return;
        }
        if came && let Ok((socket, _)) = listener.accept() {
            // Anybody else is turned away.
            if clients.len() < CLIENTS && is_ours(&socket) {
                clients.push((socket, Client::default()));
            }
        }
        clients.retain_mut(|(socket, client)| read(socket, client, &mut chunk));
        let now = Instant::now();
        while let Some(at) = due.filter(|at| *at <= now) {
            let mut mix = [0.0; FRAME_SAMPLES * CHANNELS];
            clients.iter_mut().for_each(|(_, client)| client.play(&mut mix));
            voice.play(&mut mix, at);
            let taken = if now > at + BEHIND { now } else { at };
            due = Some(taken + FRAME);
        }
        clients.retain_mut(|(socket, client)| write(socket, client));
    }
}

/// Whether a process of our own user is at the other end.
fn is_ours(socket: &UnixStream) -> bool {
    socket.set_nonblocking(true).is_ok()
        && getsockopt(socket, PeerCredentials).is_ok_and(|peer| peer.uid() == Uid::effective().as_raw())
}

/// Takes what has come; `false` when the client is gone, or speaks no language of ours.
fn read(socket: &mut UnixStream, client: &mut Client, chunk: &mut [u8]) -> bool {
    match socket.read(chunk) {
        Ok(0) => false,
        Ok(length) => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let understood = client.receive(chunk.get(..length).unwrap_or_default(), now).is_ok();
            if !understood {
                tracing::warn!("a client of the sound server was let go: it speaks another language");
            }
            understood
        }
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

/// Sends what waits, as far as the client takes it; `false` when it is gone.
fn write(socket: &mut UnixStream, client: &mut Client) -> bool {
    if client.outgoing.is_empty() {
        return true;
    }
    match socket.write(&client.outgoing) {
        Ok(length) => {
            client.outgoing.drain(..length);
            true
        }
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::tests::{asks, asks_to_play};
    use crate::{CHANNELS, FRAME_SAMPLES, Server};
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    #[tokio::test]
    async fn what_a_client_plays_comes_out_as_packets_until_it_stops() {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Server::start(&directory.path().join("sound"), Instant::now()).unwrap();
        server.set_listened(true);
        let mut client = UnixStream::connect(server.socket()).unwrap();
        let samples = 0.5f32.to_le_bytes().repeat(FRAME_SAMPLES * CHANNELS * 2);
        let header = [&(samples.len() as u32).to_be_bytes()[..], &0u32.to_be_bytes(), &[0; 12]].concat();
        let uncork = asks(41, 2, |w| w.u32(0).boolean(false));
        for message in [asks(8, 0, |w| w.u32(35)), asks_to_play(1, 2), header, samples, uncork] {
            client.write_all(&message).unwrap();
        }
        let first = server.packets.recv().await.unwrap();
        assert!(first.is_first && *server.playing.borrow());
        let second = server.packets.recv().await.unwrap();
        assert_eq!((second.is_first, second.timestamp - first.timestamp), (false, 960));
        // It has been asked for more meanwhile.
        let mut told = [0; 1_024];
        assert!(client.read(&mut told).unwrap() > 0);
        drop(client);
        server.playing.wait_for(|playing| !playing).await.unwrap();
    }

    #[tokio::test]
    async fn the_server_outlives_strangers_and_ends_with_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sound");
        let server = Server::start(&path, Instant::now()).unwrap();
        let mut stranger = UnixStream::connect(&path).unwrap();
        stranger.write_all(&[0xff; 64]).unwrap();
        assert_eq!(stranger.read(&mut [0; 8]).unwrap_or(0), 0, "it is let go");
        let mut client = UnixStream::connect(&path).unwrap();
        client.write_all(&asks(8, 0, |w| w.u32(35))).unwrap();
        assert!(client.read(&mut [0; 64]).unwrap() > 0);
        let mut playing = server.playing.clone();
        drop(server);
        assert!(playing.changed().await.is_err());
        assert!(Server::start(&path, Instant::now()).is_err(), "the place is taken");
    }
}
