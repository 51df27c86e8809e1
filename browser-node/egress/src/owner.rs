//! Whose a loopback connection is: its other end's user, as the kernel says (`sock_diag(7)`).
//!
//! `/proc/net/tcp` says it too, but takes milliseconds a time, since it walks every bucket of the kernel's table.

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
/// Of a `nlmsghdr`, before everything.
const HEADER: usize = 16;
/// Of the answer's `idiag_uid`: the header, four bytes, the socket's id, three counters.
const UID: usize = HEADER + 4 + 48 + 12;

/// A way to ask the kernel.
pub(crate) struct Sockets(OwnedFd);

impl Sockets {
    pub(crate) fn open() -> io::Result<Sockets> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        Ok(Sockets(socket(AddressFamily::Netlink, SockType::Datagram, flags, SockProtocol::NetlinkSockDiag)?))
    }

    /// The user whose TCP socket is at `local` and connected to `remote`; none if there is no such socket.
    pub(crate) fn owner(&self, local: SocketAddrV4, remote: SocketAddrV4) -> Option<u32> {
        let address = |ip: &Ipv4Addr| [ip.to_bits().to_be(), 0, 0, 0].map(u32::to_ne_bytes).concat();
        let question = [
            // inet_diag_req_v2: family, protocol, extensions, padding; every state; the id without interface and cookie.
            &[2, 6, 0, 0],
            &u32::MAX.to_ne_bytes()[..],
            &local.port().to_be_bytes(),
            &remote.port().to_be_bytes(),
            &address(local.ip()),
            &address(remote.ip()),
            &[0; 4],
            &[0xff; 8],
        ]
        .concat();
        let length = u32::try_from(HEADER + question.len()).ok()?;
        let header =
            [&length.to_ne_bytes()[..], &SOCK_DIAG_BY_FAMILY.to_ne_bytes(), &NLM_F_REQUEST.to_ne_bytes(), &[0; 8]]
                .concat();
        send(self.0.as_raw_fd(), &[header, question].concat(), MsgFlags::empty()).ok()?;
        // The kernel has answered before the question's system call returned.
        let mut answer = [0; 512];
        let read = recv(self.0.as_raw_fd(), &mut answer, MsgFlags::empty()).ok()?;
        let found = answer[4..6] == SOCK_DIAG_BY_FAMILY.to_ne_bytes() && read >= UID + 4;
        found.then(|| u32::from_ne_bytes([answer[UID], answer[UID + 1], answer[UID + 2], answer[UID + 3]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener, TcpStream};

    #[test]
    fn the_kernel_knows_whose_a_connection_is() {
        let v4 = |address: io::Result<SocketAddr>| match address.unwrap() {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(_) => panic!("not an IPv4 address"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (local, remote) = (v4(client.local_addr()), v4(client.peer_addr()));
        let sockets = Sockets::open().unwrap();
        assert_eq!(sockets.owner(local, remote), Some(nix::unistd::geteuid().as_raw()));
        assert_eq!(sockets.owner(local, SocketAddrV4::new(*remote.ip(), 1)), None);
        assert_eq!(
            sockets.owner(local, remote),
            Some(nix::unistd::geteuid().as_raw()),
            "after a question without answer"
        );
    }
}
