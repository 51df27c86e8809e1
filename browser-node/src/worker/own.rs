//! The browser's own pages (`web-client/src/own`): in the place of one that could not be opened, and of an empty tab. A page that
//! could not be opened is at its own address, so that history and reloading are as they were.

use super::pdf::Files;
use super::requests::{Answer, Paused};
use tandem_cdp::Handle;
use tandem_egress::{Refusals, Refused};
use url::Url;

/// The address of an empty tab (RFC 6761: `invalid` has no servers). Nothing of it leaves the browser.
pub const EMPTY: &str = "https://new.invalid/";

/// Answers with the page of an empty tab.
pub fn empty(page: &Handle, paused: Paused) {
    answer(page, paused, "empty");
}

/// Answers with the page that says why this one could not be opened.
pub fn failed(page: &Handle, paused: Paused, refusals: &Refusals) {
    let why = Url::parse(&paused.request.url).map_or("broken", |url| {
        let host = url.host_str().unwrap_or_default();
        match refusals.of(host) {
            Some(Refused::Resolve) => "name",
            Some(Refused::Site | Refused::Private | Refused::Port) => "site",
            Some(Refused::Connect) => "connect",
            Some(Refused::Limit) => "busy",
            Some(Refused::Protocol) => "broken",
            // The site was reached, and then there was no page.
            None if url.scheme() == "https" => "secure",
            None => "broken",
        }
    });
    answer(page, paused, why);
}

fn answer(page: &Handle, paused: Paused, why: &str) {
    let template = Files::get("own.html").map(|file| String::from_utf8_lossy(&file.data).into_owned());
    // The word stands once, in the root element.
    let body = template.unwrap_or_default().replacen("%WHY%", why, 1);
    Answer::new(paused.request_id, 200)
        .header("Content-Type", "text/html; charset=utf-8")
        .header("Cache-Control", "no-store")
        .send(page, body.as_bytes());
}
