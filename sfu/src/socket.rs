//! The one UDP socket: many datagrams a system call, both ways.

use crate::StartError;
use bytes::BytesMut;
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

/// Datagrams received at once.
const BATCH: usize = 32;
/// Bytes of the kernel's queues: a keyframe for a room full of people.
const QUEUE: usize = 4 << 20;
/// Datagrams sent at once; the kernel's own limit is 64.
const SEGMENTS: usize = 40;

pub(crate) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    buffers: Vec<Vec<u8>>,
    /// Where people and nodes reach it.
    pub(crate) addresses: Vec<SocketAddr>,
    is_v6: bool,
}

/// A datagram, from where and to which of our addresses.
pub(crate) struct Datagram<'a> {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: &'a [u8],
}

impl Socket {
    pub(crate) fn bind(port: u16, addresses: &[IpAddr]) -> Result<Socket, StartError> {
        let failed = |error| StartError::Port(port, error);
        // One socket for both families, where the host has IPv6 at all.
        let both = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port));
        let (socket, is_v6) = match both {
            Ok(socket) => (socket, true),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Err(failed(error)),
            Err(_) => (UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).map_err(failed)?, false),
        };
        let state = UdpSocketState::new((&socket).into()).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        for set in [UdpSocketState::set_recv_buffer_size, UdpSocketState::set_send_buffer_size] {
            // The kernel may allow less; less is taken.
            let _ = set(&state, (&socket).into(), QUEUE);
        }
        let port = socket.local_addr().map_err(failed)?.port();
        let own = if addresses.is_empty() { own_addresses() } else { addresses.to_vec() };
        let addresses: Vec<_> =
            own.into_iter().filter(|ip| is_v6 || ip.is_ipv4()).map(|ip| SocketAddr::new(ip, port)).collect();
        if addresses.is_empty() {
            return Err(StartError::NoAddress);
        }
        let buffers = vec![vec![0; 2048 * state.gro_segments()]; BATCH];
        Ok(Socket { socket, state, buffers, addresses, is_v6 })
    }

    pub(crate) fn port(&self) -> u16 {
        self.addresses[0].port()
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Hands over what has arrived; `false` when nothing had.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(Datagram<'_>)) -> bool {
        let addresses = &self.addresses;
        let mut metas = [RecvMeta::default(); BATCH];
        let mut slices: Vec<IoSliceMut<'_>> = self.buffers.iter_mut().map(|b| IoSliceMut::new(b)).collect();
        let Ok(count) = self.state.recv((&self.socket).into(), &mut slices, &mut metas) else { return false };
        for (meta, buffer) in metas.iter().zip(&slices).take(count) {
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let to = meta.dst_ip.map(|ip| SocketAddr::new(ip.to_canonical(), addresses[0].port()));
            // Behind a translating router the address it came to is not one that was offered.
            let to = to.filter(|to| addresses.contains(to)).unwrap_or_else(|| fitting(addresses, from));
            for bytes in buffer[..meta.len].chunks(meta.stride.max(1)) {
                take(Datagram { from, to, bytes });
            }
        }
        count > 0
    }

    /// Sends datagrams to one address; runs of one size in one system call (UDP GSO). What the kernel has no room for is
    /// lost, as on any network.
    pub(crate) fn send(&self, to: SocketAddr, datagrams: &[BytesMut]) {
        let destination = match to.ip() {
            IpAddr::V4(ip) if self.is_v6 => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
            _ => to,
        };
        let most = self.state.max_gso_segments().min(SEGMENTS);
        let mut rest = datagrams;
        let mut joined = Vec::new();
        while let Some(first) = rest.first() {
            let size = first.len();
            let same = rest.iter().take(most).take_while(|d| d.len() == size).count();
            // The last of a run may be shorter.
            let run = same + usize::from(same < most && rest.get(same).is_some_and(|d| d.len() < size));
            let (now, later) = rest.split_at(run);
            rest = later;
            joined.clear();
            now.iter().for_each(|d| joined.extend_from_slice(d));
            let segment_size = (run > 1).then_some(size);
            let transmit = Transmit { destination, ecn: None, contents: &joined, segment_size, src_ip: None };
            let _ = self.state.try_send((&self.socket).into(), &transmit);
        }
    }
}

/// The address to answer from when the one a datagram came to is not known.
fn fitting(addresses: &[SocketAddr], from: SocketAddr) -> SocketAddr {
    addresses.iter().find(|a| a.is_ipv4() == from.is_ipv4()).copied().unwrap_or(addresses[0])
}

/// The host's addresses, loopback last, without those that need a zone.
fn own_addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = nix::ifaddrs::getifaddrs()
        .into_iter()
        .flatten()
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
        })
        .filter(|ip| !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local()))
        .collect();
    found.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    found.dedup();
    found
}
