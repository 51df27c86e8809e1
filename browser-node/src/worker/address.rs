//! Addresses as people type them.

use tandem_protocol::limits;
use tandem_protocol::notice::Denied;
use tandem_protocol::policy::Sites;
use url::Url;

/// An address as a person types it: `https://` is put in front of a bare host, and only web pages are opened.
pub fn address(text: &str, sites: &Sites) -> Result<Url, Denied> {
    let text = text.trim();
    if text.is_empty() || text.len() > limits::URL {
        return Err(Denied::Address);
    }
    let url = match Url::parse(text) {
        Ok(url) if url.has_host() => url,
        _ if text.contains("://") => return Err(Denied::Address),
        // `shop.example:8080/x` reads as a scheme with a path, and `shop.example` as nothing at all.
        _ => Url::parse(&format!("https://{text}")).map_err(|_| Denied::Address)?,
    };
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).ok_or(Denied::Address)?;
    if sites.allow(host) { Ok(url) } else { Err(Denied::Site) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        let sites = Sites { allowed: vec!["*".into()], blocked: vec!["evil.example".into()] };
        for (text, expected) in [
            ("https://shop.example/a?b", Ok("https://shop.example/a?b")),
            ("  shop.example ", Ok("https://shop.example/")),
            ("shop.example:8080/x", Ok("https://shop.example:8080/x")),
            ("http://127.0.0.1:8081/", Ok("http://127.0.0.1:8081/")),
            ("HTTPS://SHOP.example", Ok("https://shop.example/")),
            ("file:///etc/passwd", Err(Denied::Address)),
            ("chrome://settings", Err(Denied::Address)),
            ("javascript:alert(1)", Err(Denied::Address)),
            ("data:text/html,x", Err(Denied::Address)),
            ("view-source:https://shop.example", Err(Denied::Address)),
            ("", Err(Denied::Address)),
            ("two words", Err(Denied::Address)),
            ("https://www.evil.example/", Err(Denied::Site)),
        ] {
            assert_eq!(address(text, &sites).as_ref().map(Url::as_str), expected.as_ref().copied(), "{text:?}");
        }
    }
}
