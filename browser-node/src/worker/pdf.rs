//! PDFs: in the place of the file Chromium gets a page of ours (`web-client/src/pdf`) that holds it and shows it. It is at the
//! file's own address, so that origin, history and reloading are as they were, and the guard runs in it as in any page. What is
//! left to Chromium's own viewer, where no guard runs, agents do not see.

use super::requests::{Answer, Paused, go_on};
use chromiumoxide_cdp::cdp::browser_protocol::fetch::{
    TakeResponseBodyAsStreamParams, TakeResponseBodyAsStreamReturns,
};
use chromiumoxide_cdp::cdp::browser_protocol::io::{CloseParams, ReadParams, StreamHandle};
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tandem_cdp::{CdpError, Handle};
use tokio::sync::Semaphore;

/// Where the page gets what few PDFs need. Nothing of it leaves the browser.
pub const MORE: &str = "https://pdf.invalid/";

/// The largest file that is shown (bytes).
const LARGEST: usize = 32 << 20;
/// How much of a file is read at once (bytes).
const PIECE: i64 = 1 << 20;
/// How long a file may take from its first byte to its last, and how long it may have to wait for others.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(RustEmbed)]
#[folder = "../web-client/dist-pdf"]
#[allow_missing = true]
pub(super) struct Files;

/// Whether an answer is a PDF that Chromium would show; what it would save is left to it.
pub fn is_pdf(answer: &Paused) -> bool {
    let first = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = answer.headers("content-type").last().map(first);
    let saved = answer.headers("content-disposition").any(|value| !matches!(first(value).as_str(), "inline" | ""));
    matches!(kind.as_deref(), Some("application/pdf" | "text/pdf")) && !saved
}

/// Reads a PDF and answers with the page that shows it, or that says why it cannot.
pub async fn show(page: Handle, paused: Paused, reading: Arc<Semaphore>) {
    let template = Files::get("page.html");
    let parts = template.as_ref().and_then(|file| Parts::of(std::str::from_utf8(&file.data).ok()?));
    let permit = tokio::time::timeout(PATIENCE, reading.acquire()).await;
    let (Some(parts), Ok(Ok(_permit))) = (parts, permit) else {
        return go_on(&page, paused.request_id);
    };
    let body = match tokio::time::timeout(PATIENCE, read(&page, &paused, &parts)).await {
        Ok(Ok(Some(body))) => body,
        Ok(Ok(None)) => parts.whole("large", ""),
        Ok(Err(_)) | Err(_) => parts.whole("failed", ""),
    };
    let status = paused.response_status_code.unwrap_or(200);
    let mut answer = Answer::new(paused.request_id.clone(), status)
        .header("Content-Type", "text/html; charset=utf-8")
        .header("Cache-Control", "no-store");
    for (name, value) in kept(&paused) {
        answer = answer.header(name, &value);
    }
    answer.send(&page, body.as_bytes());
}

/// `None` when the file is too large.
async fn read(page: &Handle, paused: &Paused, parts: &Parts<'_>) -> Result<Option<String>, CdpError> {
    let take = TakeResponseBodyAsStreamParams::new(paused.request_id.clone());
    let TakeResponseBodyAsStreamReturns { stream } =
        page.call(TakeResponseBodyAsStreamParams::IDENTIFIER, take).await?;
    let pieces = read_all(page, &stream, parts).await;
    let _ = page.tell(CloseParams::IDENTIFIER, CloseParams::new(stream));
    pieces
}

async fn read_all(page: &Handle, stream: &StreamHandle, parts: &Parts<'_>) -> Result<Option<String>, CdpError> {
    let mut body = parts.before("file");
    let start = body.len();
    loop {
        let piece = ReadParams { handle: stream.clone(), offset: None, size: Some(PIECE) };
        let Piece { data, base64_encoded, eof } = page.call(ReadParams::IDENTIFIER, piece).await?;
        if !data.is_empty() {
            if body.len() > start {
                body.push('.');
            }
            if base64_encoded {
                body.push_str(&data);
            } else {
                use base64::Engine;
                base64::engine::general_purpose::STANDARD.encode_string(data, &mut body);
            }
        }
        if (body.len() - start) / 4 * 3 > LARGEST {
            return Ok(None);
        }
        if eof {
            body.push_str(parts.end);
            return Ok(Some(body));
        }
    }
}

/// What holds for the file's place in other pages, and goes on holding.
fn kept(paused: &Paused) -> Vec<(&'static str, String)> {
    let mut headers: Vec<_> = ["X-Frame-Options", "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"]
        .into_iter()
        .chain(["Cross-Origin-Resource-Policy", "Referrer-Policy"])
        .flat_map(|name| paused.headers(name).map(move |value| (name, value.to_owned())))
        .collect();
    let policies = paused.headers("content-security-policy").flat_map(|value| value.split(','));
    let ancestors = policies.flat_map(|policy| policy.split(';')).map(str::trim);
    let ancestors = ancestors.filter(|directive| directive.to_ascii_lowercase().starts_with("frame-ancestors"));
    headers.extend(ancestors.map(|directive| ("Content-Security-Policy", directive.to_owned())));
    headers
}

/// Answers with something that the page asks for.
pub fn more(page: &Handle, paused: Paused) {
    let name = paused.request.url.strip_prefix(MORE).and_then(|name| name.split(['?', '#']).next());
    let file = name.filter(|name| *name != "page.html").and_then(Files::get);
    let answer = Answer::new(paused.request_id, if file.is_some() { 200 } else { 404 })
        .header("Content-Type", "application/octet-stream")
        .header("Access-Control-Allow-Origin", "*")
        .header("Cross-Origin-Resource-Policy", "cross-origin");
    answer.send(page, file.as_ref().map_or(&[], |file| &file.data));
}

/// The page, around what differs.
struct Parts<'a> {
    start: &'a str,
    middle: &'a str,
    end: &'a str,
}

impl<'a> Parts<'a> {
    fn of(page: &'a str) -> Option<Parts<'a>> {
        let (start, rest) = page.split_once("%KIND%")?;
        let (middle, end) = rest.split_once("%FILE%")?;
        Some(Parts { start, middle, end })
    }

    fn before(&self, kind: &str) -> String {
        [self.start, kind, self.middle].concat()
    }

    fn whole(&self, kind: &str, file: &str) -> String {
        [self.start, kind, self.middle, file, self.end].concat()
    }
}

/// The result of `IO.read`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    data: String,
    #[serde(default)]
    base64_encoded: bool,
    eof: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_page_holds_the_file_and_says_what_it_is() {
        let parts = Parts::of("<script data-kind=\"%KIND%\">%FILE%</script>").unwrap();
        assert_eq!(parts.whole("large", ""), "<script data-kind=\"large\"></script>");
        assert_eq!(parts.before("file") + "QQ==" + parts.end, "<script data-kind=\"file\">QQ==</script>");
        assert!(Parts::of("").is_none());
    }

    #[test]
    fn what_keeps_a_file_out_of_other_pages_is_kept() {
        let paused = json!({
            "requestId": "1",
            "request": { "url": "https://bank.example/a" },
            "responseStatusCode": 200,
            "responseHeaders": [
                { "name": "x-frame-options", "value": "DENY" },
                { "name": "Set-Cookie", "value": "a=b" },
                { "name": "content-security-policy", "value": "sandbox; Frame-Ancestors 'self', script-src 'none'" },
            ],
        });
        let expected = [("X-Frame-Options", "DENY"), ("Content-Security-Policy", "Frame-Ancestors 'self'")];
        assert_eq!(
            kept(&serde_json::from_value(paused).unwrap()),
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }
}
