//! What a session may connect to.

use crate::is_public;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use tandem_protocol::policy::Sites;

/// More addresses of one name are not tried.
const MAX_ADDRESSES: usize = 8;

/// What the operator and the company have decided.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Private addresses that are open all the same, and ports that are; empty in production.
    pub allow_private: Vec<Authority>,
    /// The policy's sites. An address without a name is no site: only `*` allows it.
    pub sites: Sites,
}

/// A host and a port, such as `127.0.0.1:8081`, `[::1]:8081` or `shop.internal:443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as 127.0.0.1:8081, [::1]:8081 or shop.internal:443")]
pub struct AuthorityError;

impl FromStr for Authority {
    type Err = AuthorityError;
    fn from_str(text: &str) -> Result<Authority, AuthorityError> {
        let (host, port) = text.rsplit_once(':').ok_or(AuthorityError)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) if inner.contains(':') => inner,
            None if !host.contains(':') => host,
            Some(_) | None => return Err(AuthorityError),
        };
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(AuthorityError)?;
        Ok(Authority { host: Host::parse(host).ok_or(AuthorityError)?, port })
    }
}

/// Why a connection was not made. The label of a metric, so that no more is told than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The name has private addresses only.
    Private,
    /// The company does not allow the site.
    Site,
    /// A port of no web server.
    Port,
    /// The name has no address.
    Resolve,
    /// No address answered.
    Connect,
    /// Not a SOCKS 5 request to connect to a host, or not from this session's browser.
    Protocol,
    /// Too many connections, or too slow to say what it wants.
    Limit,
}

impl Refused {
    pub const ALL: [Refused; 7] = [
        Refused::Private,
        Refused::Site,
        Refused::Port,
        Refused::Resolve,
        Refused::Connect,
        Refused::Protocol,
        Refused::Limit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Refused::Private => "private",
            Refused::Site => "site",
            Refused::Port => "port",
            Refused::Resolve => "resolve",
            Refused::Connect => "connect",
            Refused::Protocol => "protocol",
            Refused::Limit => "limit",
        }
    }
}

/// A host name in lower case and without a trailing dot, or an address in its one canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(String);

impl Host {
    /// None for what is neither a name nor an address: escapes, zones, brackets, white space, empty labels.
    pub(crate) fn parse(text: &str) -> Option<Host> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Some(Host(ip.to_string()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // An address with a trailing dot is an address too.
        let name = name.parse::<IpAddr>().map_or_else(|_| name.to_ascii_lowercase(), |ip| ip.to_string());
        (name.len() <= 253 && name.split('.').all(is_label)).then_some(Host(name))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }

    /// An address, also in a spelling that only a resolver understands (2130706433, 0x7f.1): as in the URL standard, what
    /// ends in a number is one.
    fn is_numeric(&self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or_default();
        let is_hexadecimal = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
        self.ip().is_some()
            || last.bytes().all(|b| b.is_ascii_digit())
            || last.strip_prefix("0x").is_some_and(is_hexadecimal)
    }

    /// Whether the name belongs to this machine by standard (RFC 6761 section 6.3); DNS is not asked for it.
    pub(crate) fn is_localhost(&self) -> bool {
        self.0 == "localhost" || self.0.ends_with(".localhost")
    }
}

impl Rules {
    /// Whether the operator has opened this private address: by the host as it was asked for, or, for `localhost`, by its
    /// address. Another name that resolves to an opened address is not enough, or any site could point its own name there
    /// and read what answers.
    pub(crate) fn opens(&self, host: &Host, port: u16, ip: IpAddr) -> bool {
        self.allow_private
            .iter()
            .any(|open| open.port == port && (open.host == *host || host.is_localhost() && open.host.ip() == Some(ip)))
    }

    /// What can be said before the name is resolved; a site that is not allowed is not even looked up.
    pub(crate) fn check(&self, host: &Host, port: u16) -> Result<(), Refused> {
        let all = self.sites.allowed.iter().any(|site| site == "*");
        let web = matches!(port, 80 | 443 | 1024..)
            || self.allow_private.iter().any(|open| open.port == port && open.host == *host);
        match (self.sites.allow(host.as_str()) && (all || !host.is_numeric()), web) {
            (false, _) => Err(Refused::Site),
            (true, false) => Err(Refused::Port),
            (true, true) => Ok(()),
        }
    }

    pub(crate) fn decide(&self, host: &Host, port: u16, resolved: &[IpAddr]) -> Result<Vec<SocketAddr>, Refused> {
        self.check(host, port)?;
        if resolved.is_empty() {
            return Err(Refused::Resolve);
        }
        let open = resolved.iter().filter(|ip| is_public(**ip) || self.opens(host, port, **ip));
        let addresses: Vec<_> = open.take(MAX_ADDRESSES).map(|ip| SocketAddr::new(*ip, port)).collect();
        if addresses.is_empty() { Err(Refused::Private) } else { Ok(addresses) }
    }
}

/// The addresses to connect to, in the resolver's order, for a host that resolved to these.
///
/// Addresses that are not allowed are left out; a name that has no other is refused. What comes back is what must be
/// connected to: resolving the name again would let its owner answer differently.
pub fn decide(host: &str, port: u16, resolved: &[IpAddr], rules: &Rules) -> Result<Vec<SocketAddr>, Refused> {
    rules.decide(&Host::parse(host).ok_or(Refused::Protocol)?, port, resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_private: &[&str], allowed: &[&str], blocked: &[&str]) -> Rules {
        let owned = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
        Rules {
            allow_private: allow_private.iter().map(|open| open.parse().unwrap()).collect(),
            sites: Sites { allowed: owned(allowed), blocked: owned(blocked) },
        }
    }

    /// Rows of host, port, what it resolves to, and the port-less addresses or the refusal that come of it.
    fn check(rules: &Rules, rows: &[(&str, u16, &str, Result<&str, Refused>)]) {
        for (host, port, resolved, expected) in rows {
            let ips = |text: &str| text.split_whitespace().map(|ip| ip.parse().unwrap()).collect::<Vec<IpAddr>>();
            let expected = expected.map(|text| ips(text).into_iter().map(|ip| SocketAddr::new(ip, *port)).collect());
            assert_eq!(decide(host, *port, &ips(resolved), rules), expected, "{host}:{port} -> {resolved}");
        }
    }

    #[test]
    fn without_exceptions_only_public_addresses_and_web_ports_are_reached() {
        use Refused::*;
        check(
            &Rules::default(),
            &[
                ("shop.example", 443, "8.8.8.8", Ok("8.8.8.8")),
                ("shop.example", 80, "8.8.8.8 2606:4700::1", Ok("8.8.8.8 2606:4700::1")),
                ("SHOP.example.", 8443, "8.8.8.8", Ok("8.8.8.8")),
                ("under_score.example", 1024, "8.8.8.8", Ok("8.8.8.8")),
                ("xn--bcher-kva.example", 65535, "8.8.8.8", Ok("8.8.8.8")),
                ("8.8.8.8", 443, "8.8.8.8", Ok("8.8.8.8")),
                ("2606:4700::1", 443, "2606:4700::1", Ok("2606:4700::1")),
                ("shop.example", 443, "", Err(Resolve)),
                ("shop.example", 443, "10.0.0.1", Err(Private)),
                ("shop.example", 443, "10.0.0.1 8.8.8.8 ::1", Ok("8.8.8.8")),
                ("shop.example", 443, "127.0.0.1 ::1", Err(Private)),
                ("metadata.google.internal", 80, "169.254.169.254", Err(Private)),
                ("169.254.169.254", 80, "169.254.169.254", Err(Private)),
                ("localhost", 8081, "127.0.0.1", Err(Private)),
                ("2130706433", 8081, "127.0.0.1", Err(Private)),
                ("0x7f000001", 8081, "127.0.0.1", Err(Private)),
                ("017700000001", 8081, "127.0.0.1", Err(Private)),
                ("127.1", 8081, "127.0.0.1", Err(Private)),
                ("127.0.0.1.", 8081, "127.0.0.1", Err(Private)),
                ("::ffff:127.0.0.1", 8081, "::ffff:127.0.0.1", Err(Private)),
                ("0", 8081, "0.0.0.0", Err(Private)),
                ("%31%32%37.0.0.1", 8081, "127.0.0.1", Err(Protocol)),
                ("127%2e0.0.1", 8081, "127.0.0.1", Err(Protocol)),
                ("fe80::1%eth0", 8081, "fe80::1", Err(Protocol)),
                ("[::1]", 8081, "::1", Err(Protocol)),
                ("127.0.0.1 ", 8081, "127.0.0.1", Err(Protocol)),
                ("127.0.0.1:8081", 8081, "127.0.0.1", Err(Protocol)),
                ("shop..example", 443, "8.8.8.8", Err(Protocol)),
                ("shop.example..", 443, "8.8.8.8", Err(Protocol)),
                ("①②⑦.⓪.⓪.①", 443, "127.0.0.1", Err(Protocol)),
                ("user@shop.example", 443, "8.8.8.8", Err(Protocol)),
                ("shop.example\0.evil", 443, "8.8.8.8", Err(Protocol)),
                ("", 443, "8.8.8.8", Err(Protocol)),
                (".", 443, "8.8.8.8", Err(Protocol)),
                (&"a".repeat(64), 443, "8.8.8.8", Err(Protocol)),
                (&"a.".repeat(128), 443, "8.8.8.8", Err(Protocol)),
                ("shop.example", 0, "8.8.8.8", Err(Port)),
                ("shop.example", 22, "8.8.8.8", Err(Port)),
                ("shop.example", 25, "8.8.8.8", Err(Port)),
                ("shop.example", 1023, "8.8.8.8", Err(Port)),
            ],
        );
    }

    #[test]
    fn the_operator_opens_private_addresses_one_by_one() {
        use Refused::*;
        check(
            &rules(&["127.0.0.1:8081", "[::1]:8082", "Crm.Internal.:8083", "10.0.0.5:25"], &["*"], &[]),
            &[
                ("127.0.0.1", 8081, "127.0.0.1", Ok("127.0.0.1")),
                ("127.0.0.1.", 8081, "127.0.0.1", Ok("127.0.0.1")),
                ("localhost", 8081, "::1 127.0.0.1", Ok("127.0.0.1")),
                ("shop.localhost", 8081, "127.0.0.1", Ok("127.0.0.1")),
                ("127.0.0.1", 8082, "127.0.0.1", Err(Private)),
                ("127.0.0.2", 8081, "127.0.0.2", Err(Private)),
                ("::ffff:127.0.0.1", 8081, "::ffff:127.0.0.1", Err(Private)),
                ("rebinding.example", 8081, "127.0.0.1", Err(Private)),
                ("localhost.evil.example", 8081, "127.0.0.1", Err(Private)),
                ("2130706433", 8081, "127.0.0.1", Err(Private)),
                ("::1", 8082, "::1", Ok("::1")),
                ("0:0::1", 8082, "::1", Ok("::1")),
                ("::1", 8081, "::1", Err(Private)),
                ("crm.internal", 8083, "10.1.2.3 fd00::1", Ok("10.1.2.3 fd00::1")),
                ("a.crm.internal", 8083, "10.1.2.3", Err(Private)),
                ("crm.internal", 443, "10.1.2.3", Err(Private)),
                ("10.0.0.5", 25, "10.0.0.5", Ok("10.0.0.5")),
                ("mail.example", 25, "10.0.0.5", Err(Port)),
            ],
        );
    }

    #[test]
    fn the_companys_sites_hold_for_every_connection() {
        use Refused::*;
        let blocked = rules(&["127.0.0.1:8081"], &["*"], &["evil.example", "9.9.9.9"]);
        check(
            &blocked,
            &[
                ("evil.example", 443, "8.8.8.8", Err(Site)),
                ("EVIL.example.", 443, "8.8.8.8", Err(Site)),
                ("a.b.evil.example", 443, "", Err(Site)),
                ("notevil.example", 443, "8.8.8.8", Ok("8.8.8.8")),
                ("9.9.9.9", 443, "9.9.9.9", Err(Site)),
            ],
        );
        let listed = rules(&["127.0.0.1:8081"], &["shop.example", "8.8.8.8", "1"], &[]);
        check(
            &listed,
            &[
                ("shop.example", 443, "8.8.8.8", Ok("8.8.8.8")),
                ("cdn.shop.example", 443, "8.8.8.8", Ok("8.8.8.8")),
                ("shop.example", 443, "10.0.0.1", Err(Private)),
                ("other.example", 443, "8.8.8.8", Err(Site)),
                ("8.8.8.8", 443, "8.8.8.8", Err(Site)),
                ("127.0.0.1", 8081, "127.0.0.1", Err(Site)),
                ("1.1", 443, "1.0.0.1", Err(Site)),
                ("2606:4700::1", 443, "2606:4700::1", Err(Site)),
            ],
        );
        check(&rules(&[], &[], &[]), &[("shop.example", 443, "8.8.8.8", Err(Site))]);
    }

    #[test]
    fn an_authority_is_a_host_and_a_port() {
        for good in ["127.0.0.1:8081", "[::1]:8081", "localhost:1", "shop.internal:65535"] {
            assert!(good.parse::<Authority>().is_ok(), "{good}");
        }
        for bad in [
            "",
            ":80",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "::1:80",
            "[host]:80",
            "[::1",
            "a b:80",
            "http://a:80",
            "*:80",
        ] {
            assert!(bad.parse::<Authority>().is_err(), "{bad}");
        }
    }
}
