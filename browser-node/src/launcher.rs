//! The one part that is privileged: it starts a worker as the user of its slot, and when that ends it kills what is left
//! of that user and deletes its directory. It reads numbers from a socket and nothing else.
//!
//! Started as an ordinary user it does the same without changing users; slots then share one, and say so.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{self, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, chown, setgid, setgroups, setsid, setuid};
use std::collections::HashMap;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};
use tokio::sync::mpsc;

/// Where a launcher and a worker find the socket they inherit.
pub const INHERITED: i32 = 3;
/// Slots on one node, at the most.
pub const MOST_SLOTS: u32 = 256;

/// What the launcher is started with.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The user of slot 0; the others follow.
    pub first_user: u32,
    pub slots: u32,
    /// Each slot has a directory of its own in it. On tmpfs, so that nothing reaches a disk.
    pub directory: PathBuf,
}

impl Plan {
    /// A slot's directory.
    pub fn slot_directory(&self, slot: u32) -> PathBuf {
        self.directory.join(format!("slot-{slot}"))
    }

    fn arguments(&self) -> [String; 3] {
        [self.first_user.to_string(), self.slots.to_string(), self.directory.display().to_string()]
    }

    /// Reads what [`Self::arguments`] wrote.
    pub fn from_arguments(arguments: &[String]) -> Option<Plan> {
        let [first_user, slots, directory] = arguments else { return None };
        let plan =
            Plan { first_user: first_user.parse().ok()?, slots: slots.parse().ok()?, directory: directory.into() };
        // Never a system user, never more slots than there are.
        (plan.first_user >= 1000 && (1..=MOST_SLOTS).contains(&plan.slots)).then_some(plan)
    }
}

/// The node's end.
#[derive(Debug)]
pub struct Launcher {
    socket: OwnedFd,
    /// Which directories it uses.
    pub plan: Plan,
    process: std::process::Child,
}

/// The launcher's first word: it is up.
const READY: u8 = 0;
const LAUNCH: u8 = 1;
const KILL: u8 = 2;
const EMPTY: u8 = 3;

fn message(kind: u8, slot: u32) -> [u8; 5] {
    let [a, b, c, d] = slot.to_le_bytes();
    [kind, a, b, c, d]
}

impl Launcher {
    /// Starts the launcher as a process of its own. Called before threads and before privileges are dropped.
    pub fn start(plan: Plan) -> io::Result<Launcher> {
        let (ours, theirs) =
            socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        let mut command = Command::new("/proc/self/exe");
        command.arg("launcher").args(plan.arguments()).env_clear();
        if let Some(filter) = std::env::var_os("TANDEM_LOG") {
            command.env("TANDEM_LOG", filter);
        }
        pass_descriptor(&mut command, theirs.as_fd().as_raw_fd(), || Ok(()));
        let mut process = command.spawn()?;
        drop((command, theirs));
        let mut byte = [0];
        if socket::recv(ours.as_raw_fd(), &mut byte, MsgFlags::empty())? != 1 {
            process.wait()?;
            return Err(io::Error::other("it has said why"));
        }
        Ok(Launcher { socket: ours, plan, process })
    }

    /// Starts a worker in a slot; gives our end of its socket.
    pub fn launch(&self, slot: u32) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        let fds = [theirs.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&fds)];
        let bytes = message(LAUNCH, slot);
        socket::sendmsg::<()>(self.socket.as_raw_fd(), &[IoSlice::new(&bytes)], &rights, MsgFlags::empty(), None)?;
        Ok(ours)
    }

    /// Kills whatever runs in a slot.
    pub fn kill(&self, slot: u32) -> io::Result<()> {
        socket::send(self.socket.as_raw_fd(), &message(KILL, slot), MsgFlags::empty())?;
        Ok(())
    }

    /// The slots that became empty: nothing is left of their processes and files. Ends when the launcher is gone.
    /// Called once.
    pub fn emptied(&self) -> io::Result<mpsc::UnboundedReceiver<u32>> {
        let socket = self.socket.try_clone()?;
        let (sender, emptied) = mpsc::unbounded_channel();
        std::thread::Builder::new().name("launcher".into()).spawn(move || {
            let mut bytes = [0; 5];
            while let Ok(5) = socket::recv(socket.as_raw_fd(), &mut bytes, MsgFlags::empty()) {
                if bytes[0] == EMPTY && sender.send(slot_of(&bytes)).is_err() {
                    return;
                }
            }
        })?;
        Ok(emptied)
    }
}

impl Drop for Launcher {
    /// Waits until the launcher has emptied all slots, which it does when our end closes.
    fn drop(&mut self) {
        let _ = socket::shutdown(self.socket.as_raw_fd(), socket::Shutdown::Both);
        let _ = self.process.wait();
    }
}

fn slot_of(bytes: &[u8; 5]) -> u32 {
    u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]])
}

/// Gives up root for good: the caller goes on as `user` with no group but its own.
pub fn become_user(user: u32) -> io::Result<()> {
    if Uid::effective().is_root() {
        setgroups(&[])?;
        setgid(Gid::from_raw(user))?;
        setuid(Uid::from_raw(user))?;
    }
    Ok(())
}

/// Lets a child inherit one descriptor as number 3; `then` runs in the child before it becomes another program.
fn pass_descriptor(command: &mut Command, fd: i32, then: impl Fn() -> io::Result<()> + Send + Sync + 'static) {
    // SAFETY: between fork and exec only system calls on numbers run; `then` is held to the same by its callers here.
    unsafe {
        command.pre_exec(move || {
            let copy = if fd == INHERITED { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 10) } else { fd };
            if copy < 0 || libc::dup2(copy, INHERITED) < 0 {
                return Err(io::Error::last_os_error());
            }
            then()
        });
    }
}

/// The launcher's own process: serves the inherited socket until it closes, and leaves nothing behind.
pub fn run(plan: &Plan) -> io::Result<()> {
    prctl::set_pdeathsig(None)?;
    // SAFETY: the descriptor was inherited for this purpose and nothing else in this process knows it.
    let node = unsafe { OwnedFd::from_raw_fd(INHERITED) };
    set_close_on_exec(&node)?;
    let privileged = Uid::effective().is_root();
    let _users = if privileged { claim_users(plan)? } else { Vec::new() };
    let made = fs::DirBuilder::new().mode(0o711).recursive(true).create(&plan.directory);
    made.map_err(|error| io::Error::other(format!("{} cannot be made: {error}", plan.directory.display())))?;
    socket::send(node.as_raw_fd(), &[READY], MsgFlags::empty())?;
    let mut slots = Slots { plan, privileged, workers: HashMap::new() };
    if !slots.privileged {
        tracing::warn!("not started as root: all slots share this user, and only Chromium's sandbox is between them");
    }
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    // Ends come by the socket, so that a terminal's interrupt does not end the launcher before its slots are empty.
    for ignored in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        children.add(ignored);
    }
    children.thread_block()?;
    let signals = SignalFd::with_flags(&children, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    while slots.serve(&node, &signals)? {}
    slots.end();
    fs::remove_dir_all(&plan.directory)
}

/// Takes the slots' users for as long as the sockets that it gives are open: whatever else runs as one of them is killed with
/// its slot, and so two launchers with the same users would kill each other's browsers.
fn claim_users(plan: &Plan) -> io::Result<Vec<UnixDatagram>> {
    let claim = |user| UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(format!("tandem-user-{user}"))?);
    let users = plan.first_user..plan.first_user + plan.slots;
    users.map(claim).collect::<io::Result<_>>().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            let message = "is running on this machine with the same users for its slots: give one of them others with TANDEM_FIRST_USER";
            io::Error::other(format!("another Tandem {message}"))
        }
        _ => error,
    })
}

fn set_close_on_exec(fd: &OwnedFd) -> io::Result<()> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(())
}

struct Slots<'a> {
    plan: &'a Plan,
    privileged: bool,
    workers: HashMap<Pid, u32>,
}

impl Slots<'_> {
    /// Waits for one thing and does it; `false` when the node is gone.
    fn serve(&mut self, node: &OwnedFd, signals: &SignalFd) -> io::Result<bool> {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let mut fds = [PollFd::new(node.as_fd(), PollFlags::POLLIN), PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(nix::errno::Errno::EINTR) => return Ok(true),
            other => other?,
        };
        let (order, ended) = (fds[0].any() == Some(true), fds[1].any() == Some(true));
        if ended {
            while signals.read_signal()?.is_some() {}
            for slot in self.reap() {
                self.empty(slot);
                let _ = socket::send(node.as_raw_fd(), &message(EMPTY, slot), MsgFlags::empty());
            }
        }
        if !order {
            return Ok(true);
        }
        let mut bytes = [0; 5];
        let (length, worker) = receive(node, &mut bytes)?;
        let slot = slot_of(&bytes);
        match (length, bytes[0], worker) {
            (0, ..) => return Ok(false),
            (5, LAUNCH, Some(worker)) if slot < self.plan.slots && !self.workers.values().any(|s| *s == slot) => {
                if let Err(error) = self.launch(slot, &worker) {
                    tracing::error!(%error, slot, "worker not started");
                    self.empty(slot);
                    let _ = socket::send(node.as_raw_fd(), &message(EMPTY, slot), MsgFlags::empty());
                }
            }
            (5, KILL, None) if slot < self.plan.slots => self.kill(slot),
            _ => tracing::warn!("order refused"),
        }
        Ok(true)
    }

    fn launch(&mut self, slot: u32, socket: &OwnedFd) -> io::Result<()> {
        let directory = self.plan.slot_directory(slot);
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&directory)?;
        let user = self.privileged.then_some(self.plan.first_user + slot);
        if let Some(user) = user {
            chown(&directory, Some(Uid::from_raw(user)), Some(Gid::from_raw(user)))?;
        }
        let mut command = Command::new("/proc/self/exe");
        command.arg("worker").env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
        if let Some(filter) = std::env::var_os("TANDEM_LOG") {
            command.env("TANDEM_LOG", filter);
        }
        let parent = nix::unistd::getpid();
        pass_descriptor(&mut command, socket.as_raw_fd(), move || {
            SigSet::empty().thread_set_mask()?;
            setsid()?;
            setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
            setrlimit(Resource::RLIMIT_NOFILE, 4096, 4096)?;
            if let Some(user) = user {
                become_user(user)?;
            }
            // After the change of user, which clears it.
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            if nix::unistd::getppid() != parent {
                return Err(io::Error::other("the launcher is gone"));
            }
            Ok(())
        });
        let child = command.spawn()?;
        self.workers.insert(Pid::from_raw(child.id() as i32), slot);
        Ok(())
    }

    fn kill(&self, slot: u32) {
        for pid in self.workers.iter().filter(|(_, s)| **s == slot).map(|(pid, _)| *pid) {
            // Gone already is as good.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    /// The slots whose workers have ended.
    fn reap(&mut self) -> Vec<u32> {
        let mut ended = Vec::new();
        while let Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) =
            waitpid(None, Some(WaitPidFlag::WNOHANG))
        {
            // The worker led a session of its own; what is left of it goes with it.
            let _ = kill(Pid::from_raw(-pid.as_raw()), Signal::SIGKILL);
            ended.extend(self.workers.remove(&pid));
        }
        ended
    }

    /// Leaves nothing of a slot: neither processes of its user nor files.
    fn empty(&self, slot: u32) {
        if self.privileged {
            let user = self.plan.first_user + slot;
            while kill_all_of(user) {
                std::thread::yield_now();
            }
        }
        let directory = self.plan.slot_directory(slot);
        while let Err(error) = fs::remove_dir_all(&directory) {
            // A process that is just dying may still write; anything else would never end.
            if error.kind() != io::ErrorKind::DirectoryNotEmpty {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::error!(%error, slot, "slot not deleted");
                }
                break;
            }
        }
    }

    fn end(&mut self) {
        let slots: Vec<u32> = self.workers.values().copied().collect();
        slots.iter().for_each(|slot| self.kill(*slot));
        while !self.workers.is_empty() {
            if let Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) = waitpid(None, None) {
                self.workers.remove(&pid);
            }
        }
        slots.iter().for_each(|slot| self.empty(*slot));
    }
}

fn receive(node: &OwnedFd, bytes: &mut [u8; 5]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
    let mut slices = [IoSliceMut::new(bytes)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = socket::recvmsg::<()>(node.as_raw_fd(), &mut slices, Some(&mut space), flags)?;
    let mut passed = None;
    for control in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = control {
            // SAFETY: the kernel has just made these descriptors for us, and nobody else owns them.
            passed = fds.into_iter().fold(None, |_, fd| Some(unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok((received.bytes, passed))
}

/// Kills every process of a user; `true` while there was one.
fn kill_all_of(user: u32) -> bool {
    let mut found = false;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if owner(&entry.path()) == Some(user) {
            found = true;
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    found
}

/// The real user of a process that is more than a zombie.
fn owner(process: &Path) -> Option<u32> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    if field("State:")?.trim_start().starts_with('Z') {
        return None;
    }
    field("Uid:")?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_for_system_users_or_no_slots_is_refused() {
        let plan =
            |user: &str, slots: &str| Plan::from_arguments(&[user.into(), slots.into(), "/dev/shm/x".into()]).is_some();
        assert!(plan("20000", "4"));
        for (user, slots) in [("0", "4"), ("999", "4"), ("20000", "0"), ("20000", "257"), ("-1", "1"), ("", "")] {
            assert!(!plan(user, slots), "{user} {slots}");
        }
        let plan = Plan { first_user: 20_000, slots: 2, directory: "/dev/shm/a b".into() };
        assert_eq!(Plan::from_arguments(&plan.arguments()).unwrap().directory, plan.directory);
    }
}
