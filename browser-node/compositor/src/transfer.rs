//! Moves clipboard text through a client's pipes, which may be as slow as the client likes: each on a short thread of its
//! own, with a time limit.

use crate::{CLIPBOARD_LIMIT, Reply};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tandem_protocol::Private;

/// How long the other side may take for all of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// At a time; what is beyond is refused.
const MOST: usize = 8;

/// Counts transfers: as many clones as are under way.
#[derive(Default)]
pub(crate) struct Transfers(Arc<()>);

impl Transfers {
    /// Runs a transfer on a thread, unless there are too many.
    fn start(&self, transfer: impl FnOnce() + Send + 'static) {
        if Arc::strong_count(&self.0) > MOST {
            return;
        }
        let counted = self.0.clone();
        let run = move || {
            transfer();
            drop(counted);
        };
        // Without a thread the text does not arrive, which the other side sees as the end of the pipe.
        let _ = std::thread::Builder::new().name("clipboard".into()).spawn(run);
    }

    /// Reads what a client writes and gives it to `reply`.
    pub(crate) fn read(&self, from: OwnedFd, reply: Reply) {
        self.start(move || reply(read_text(from).ok().map(Private::new)));
    }

    /// Writes text to a client.
    pub(crate) fn write(&self, to: OwnedFd, text: Arc<Private<String>>) {
        // A client that stops reading does not get the rest.
        self.start(move || drop(write_text(to, text.reveal())));
    }
}

fn read_text(from: OwnedFd) -> io::Result<String> {
    let (mut from, deadline) = (unblocked(from)?, Instant::now() + PATIENCE);
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 << 10]);
    while bytes.len() < CLIPBOARD_LIMIT {
        match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&piece[..length.min(CLIPBOARD_LIMIT - bytes.len())]),
            Err(error) => wait_for(&from, PollFlags::POLLIN, deadline, error)?,
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write_text(to: OwnedFd, text: &str) -> io::Result<()> {
    let (mut to, deadline) = (unblocked(to)?, Instant::now() + PATIENCE);
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(length) => rest = &rest[length..],
            Err(error) => wait_for(&to, PollFlags::POLLOUT, deadline, error)?,
        }
    }
    Ok(())
}

fn unblocked(fd: OwnedFd) -> io::Result<File> {
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(fd.into())
}

/// Waits until a pipe that would have blocked is ready.
fn wait_for(pipe: &File, what: PollFlags, deadline: Instant, error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => return Ok(()),
        io::ErrorKind::WouldBlock => {}
        _ => return Err(error),
    }
    let left = PollTimeout::try_from(deadline.saturating_duration_since(Instant::now())).unwrap_or(PollTimeout::ZERO);
    match poll(&mut [PollFd::new(pipe.as_fd(), what)], left)? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_text_larger_than_a_pipe_goes_through_and_stops_at_the_limit() {
        let transfers = Transfers::default();
        for (length, arrives) in [(0, 0), (200_000, 200_000), (CLIPBOARD_LIMIT + 5, CLIPBOARD_LIMIT)] {
            let (read, write) = std::io::pipe().unwrap();
            let (sender, received) = mpsc::channel();
            transfers.read(read.into(), Box::new(move |text| sender.send(text).unwrap()));
            transfers.write(write.into(), Arc::new(Private::new("x".repeat(length))));
            assert_eq!(received.recv().unwrap().map(|text| text.reveal().len()), Some(arrives));
        }
    }

    #[test]
    fn a_crowd_of_transfers_is_refused() {
        let transfers = Transfers::default();
        let (sender, received) = mpsc::channel();
        let mut pipes = Vec::new();
        for _ in 0..=MOST {
            let (read, write) = std::io::pipe().unwrap();
            pipes.push(write);
            let sender = sender.clone();
            transfers.read(read.into(), Box::new(move |text| sender.send(text.is_some()).unwrap()));
        }
        drop((sender, pipes));
        assert_eq!(received.iter().count(), MOST);
    }
}
