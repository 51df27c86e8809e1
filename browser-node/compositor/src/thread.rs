//! The compositor's thread: sleeps until the client speaks, a command comes or a frame is due.

use crate::events::{Event, Sink};
use crate::state::State;
use crate::{Command, Config, Error};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::SigSet;
use nix::sys::time::TimeSpec;
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;
use wayland_server::Display;
use wayland_server::backend::{ClientData, ClientId, DisconnectReason};

pub(crate) struct Loop {
    display: Display<State>,
    state: State,
    client: ClientId,
    /// The client's socket once more, to wait until it takes something.
    socket: UnixStream,
    connection: Arc<Connection>,
    received: mpsc::Receiver<Command>,
    /// Commands that wait until the client reads.
    waiting: VecDeque<Command>,
    wake: Arc<EventFd>,
    end: Arc<AtomicBool>,
}

/// What became of the commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Obeyed {
    All,
    /// The client does not read now.
    Unread,
    /// The next one waits, at the longest until then.
    Until(Instant),
}

/// What the display tells of its client.
struct Connection {
    gone: AtomicBool,
    wake: Arc<EventFd>,
}

impl ClientData for Connection {
    fn initialized(&self, _: ClientId) {}

    fn disconnected(&self, _: ClientId, _: DisconnectReason) {
        self.gone.store(true, Ordering::Release);
        let _ = self.wake.write(1);
    }
}

impl Loop {
    pub(crate) fn new(
        config: Config,
        client: UnixStream,
        sink: Box<dyn Sink>,
        received: mpsc::Receiver<Command>,
        wake: Arc<EventFd>,
        end: Arc<AtomicBool>,
    ) -> Result<Loop, Error> {
        let display = Display::<State>::new().map_err(|_| Error::Display)?;
        crate::globals::create(&display.handle());
        let socket = client.try_clone().map_err(Error::Thread)?;
        let connection = Arc::new(Connection { gone: AtomicBool::new(false), wake: wake.clone() });
        let client = display.handle().insert_client(client, connection.clone()).map_err(Error::Thread)?;
        let id = client.id();
        let mut state = State::new(display.handle(), config, sink);
        state.client = Some(client);
        Ok(Loop { display, state, client: id, socket, connection, received, waiting: VecDeque::new(), wake, end })
    }

    pub(crate) fn run(mut self) {
        while !self.end.load(Ordering::Acquire) {
            let now = Instant::now();
            if self.state.next_frame().is_some_and(|due| due <= now) {
                self.state.frame(now);
            }
            let obeyed = self.obey();
            if self.connection.gone.load(Ordering::Acquire) {
                return self.state.tell(Event::Disconnected);
            }
            if self.wait(obeyed).is_err() || self.display.dispatch_clients(&mut self.state).is_err() {
                return self.state.tell(Event::Disconnected);
            }
            while let Ok(command) = self.received.try_recv() {
                queue(&mut self.waiting, command);
            }
        }
    }

    /// Carries commands out, for as long as the client reads what they say. What is said to a client that does not read would
    /// fill its socket, and then the connection would be lost.
    fn obey(&mut self) -> Obeyed {
        loop {
            if self
                .display
                .backend()
                .flush(Some(self.client.clone()))
                .is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
            {
                return Obeyed::Unread;
            }
            let Some(command) = self.waiting.front() else { return Obeyed::All };
            if let Some(until) = self.state.waits(command, Instant::now()) {
                return Obeyed::Until(until);
            }
            if let Some(command) = self.waiting.pop_front() {
                self.state.command(command);
            }
        }
    }

    fn wait(&mut self, obeyed: Obeyed) -> nix::Result<()> {
        let frame = self.state.next_frame();
        let due = match obeyed {
            Obeyed::All => frame,
            Obeyed::Until(until) => Some(frame.map_or(until, |frame| frame.min(until))),
            Obeyed::Unread => None,
        };
        let timeout = due.map(|due| TimeSpec::from_duration(due.saturating_duration_since(Instant::now())));
        let takes = if obeyed == Obeyed::Unread { PollFlags::POLLOUT } else { PollFlags::empty() };
        let backend = self.display.backend();
        let mut fds = [
            PollFd::new(backend.poll_fd(), PollFlags::POLLIN),
            PollFd::new(self.wake.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.socket.as_fd(), takes),
        ];
        match ppoll(&mut fds, timeout, None::<SigSet>) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
        // Emptied whether or not it was set; reading an empty one is no error that matters.
        let _ = self.wake.read();
        Ok(())
    }
}

/// Of moves that follow each other only the last matters.
fn queue(waiting: &mut VecDeque<Command>, command: Command) {
    if let (Some(last @ Command::Motion { .. }), Command::Motion { .. }) = (waiting.back_mut(), &command) {
        *last = command;
    } else {
        waiting.push_back(command);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_moves_give_way_and_nothing_else_does() {
        let mut waiting = VecDeque::new();
        for x in [1.0, 2.0] {
            queue(&mut waiting, Command::Motion { x, y: 0.0 });
        }
        for pressed in [true, false] {
            queue(&mut waiting, Command::Key { code: 30, pressed });
        }
        queue(&mut waiting, Command::Motion { x: 3.0, y: 0.0 });
        assert_eq!(waiting.len(), 4);
        assert!(matches!(waiting[0], Command::Motion { x: 2.0, .. }));
        assert!(matches!(waiting[2], Command::Key { pressed: false, .. }));
    }
}
