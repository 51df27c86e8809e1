//! The little of SOCKS 5 (RFC 1928) that Chromium speaks: no authentication, CONNECT only.

use crate::Refused;
use crate::rules::Host;
use std::net::{Ipv4Addr, Ipv6Addr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// Section 6.
pub(crate) const SUCCEEDED: u8 = 0;
const COMMAND_NOT_SUPPORTED: u8 = 7;
const ADDRESS_TYPE_NOT_SUPPORTED: u8 = 8;

/// The reply to a request that is refused.
pub(crate) fn code(refused: Refused) -> u8 {
    match refused {
        Refused::Protocol | Refused::Limit => 1,
        Refused::Private | Refused::Site | Refused::Port => 2,
        Refused::Resolve => 4,
        Refused::Connect => 5,
    }
}

/// Reads what the client wants to connect to. What is wrong with it has been answered when this returns.
pub(crate) async fn request(client: &mut TcpStream) -> Result<(Host, u16), Refused> {
    let [version, methods] = read(client).await?;
    let mut offered = [0; 255];
    let offered = &mut offered[..usize::from(methods)];
    read_into(client, offered).await?;
    if version != VERSION || !offered.contains(&NO_AUTHENTICATION) {
        return write(client, &[VERSION, NO_METHOD]).await.and(Err(Refused::Protocol));
    }
    write(client, &[VERSION, NO_AUTHENTICATION]).await?;
    let [version, command, _, address_type] = read(client).await?;
    let text = match (version, address_type) {
        (VERSION, 1) => Ipv4Addr::from(read::<4>(client).await?).to_string(),
        (VERSION, 4) => Ipv6Addr::from(read::<16>(client).await?).to_string(),
        (VERSION, 3) => {
            let [length] = read(client).await?;
            let mut name = vec![0; usize::from(length)];
            read_into(client, &mut name).await?;
            String::from_utf8(name).unwrap_or_default()
        }
        _ => return reply(client, ADDRESS_TYPE_NOT_SUPPORTED).await.and(Err(Refused::Protocol)),
    };
    let port = u16::from_be_bytes(read(client).await?);
    match (command, Host::parse(&text)) {
        (CONNECT, Some(host)) => Ok((host, port)),
        (CONNECT, None) => reply(client, code(Refused::Protocol)).await.and(Err(Refused::Protocol)),
        _ => reply(client, COMMAND_NOT_SUPPORTED).await.and(Err(Refused::Protocol)),
    }
}

/// The address we connect from is nobody's business: it is left empty.
pub(crate) async fn reply(client: &mut TcpStream, code: u8) -> Result<(), Refused> {
    write(client, &[VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn write(client: &mut TcpStream, bytes: &[u8]) -> Result<(), Refused> {
    client.write_all(bytes).await.map_err(|_| Refused::Protocol)
}

async fn read_into(client: &mut TcpStream, bytes: &mut [u8]) -> Result<(), Refused> {
    client.read_exact(bytes).await.map(|_| ()).map_err(|_| Refused::Protocol)
}

async fn read<const N: usize>(client: &mut TcpStream) -> Result<[u8; N], Refused> {
    let mut bytes = [0; N];
    read_into(client, &mut bytes).await?;
    Ok(bytes)
}
