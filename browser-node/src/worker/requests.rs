//! Requests that Chromium holds until we have answered: the page in which a warm browser proves itself, PDFs, and what the page
//! that shows them needs. Whatever is none of these goes on at once, untouched.

use super::{own, pdf};
use chromiumoxide_cdp::cdp::browser_protocol::fetch::{
    self, AuthChallengeResponse, AuthChallengeResponseResponse, ContinueRequestParams, ContinueWithAuthParams,
    HeaderEntry, RequestId, RequestPattern, RequestStage,
};
use chromiumoxide_cdp::cdp::browser_protocol::network::ResourceType;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use tandem_cdp::{Event, Handle};
use tandem_egress::Refusals;
use tandem_protocol::Private;
use tandem_protocol::dialog::DialogKind;
use tokio::sync::Semaphore;

/// A server wants a name and a password.
pub const AUTH_REQUIRED: &str = fetch::EventAuthRequired::IDENTIFIER;
pub const PAUSED: &str = fetch::EventRequestPaused::IDENTIFIER;

/// Where a warm browser proves itself (RFC 6761: `invalid` has no servers).
pub const NOWHERE: &str = "http://proof.invalid/";

/// PDFs of a session that are read at once; each may take its size several times over in memory.
const AT_ONCE: usize = 2;

/// Where guards ask what pages ask (`errands.js`). Nothing of it leaves the browser.
const ASKED_AT: &str = "https://ask.invalid/";

/// Has a page's requests held; `proving` as long as it is to have the page at [`NOWHERE`].
pub fn hold(page: &Handle, proving: bool) {
    let documents = |stage| RequestPattern {
        resource_type: Some(ResourceType::Document),
        request_stage: Some(stage),
        ..RequestPattern::default()
    };
    let at = |address: &str| RequestPattern { url_pattern: Some(format!("{address}*")), ..RequestPattern::default() };
    let mut patterns = vec![at(pdf::MORE), at(own::EMPTY), at(ASKED_AT), documents(RequestStage::Response)];
    // Passwords are asked for of us only where the request itself was held.
    patterns.push(documents(RequestStage::Request));
    if proving {
        patterns.insert(0, at(NOWHERE));
    }
    let enable = fetch::EnableParams { patterns: Some(patterns), handle_auth_requests: Some(true) };
    // An error says that the page is gone.
    let _ = page.tell(fetch::EnableParams::IDENTIFIER, enable);
}

/// Answers the requests of a session's pages.
#[derive(Clone)]
pub struct Requests {
    reading: Arc<Semaphore>,
    refusals: Refusals,
}

impl Requests {
    pub fn new(refusals: Refusals) -> Requests {
        Requests { reading: Arc::new(Semaphore::new(AT_ONCE)), refusals }
    }

    /// Answers one at once, or sees to it that it will be answered; `false` for a question, which people answer.
    pub fn answer(&self, page: &Handle, event: &Event) -> bool {
        let Ok(paused) = event.parse::<Paused>() else {
            // Nothing may be left hanging: of what cannot be read, the number is enough.
            if let Ok(Held { request_id }) = event.parse() {
                go_on(page, request_id);
            }
            return true;
        };
        match paused.kind() {
            Kind::Other => go_on(page, paused.request_id),
            Kind::Proof => Answer::new(paused.request_id, 200).send(page, b""),
            Kind::More => pdf::more(page, paused),
            Kind::Empty => own::empty(page, paused),
            Kind::Failed => own::failed(page, paused, &self.refusals),
            Kind::Pdf => {
                tokio::spawn(pdf::show(page.clone(), paused, self.reading.clone()));
            }
            Kind::Question => return false,
        }
        true
    }
}

pub fn go_on(page: &Handle, request: RequestId) {
    let _ = page.tell(ContinueRequestParams::IDENTIFIER, ContinueRequestParams::new(request));
}

/// What a page asks, by its guard.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Known to guards alone.
    name: String,
    pub kind: DialogKind,
    pub host: String,
    pub text: String,
    pub proposal: String,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting(RequestId);

/// Reads a question; one that is none of the guard of this name is answered here: nobody agrees.
pub fn question(page: &Handle, event: &Event, guard: &str) -> Option<(Waiting, Question)> {
    let paused: Paused = event.parse().ok()?;
    let waiting = Waiting(paused.request_id);
    let question = paused.request.post_data.and_then(|text| serde_json::from_str::<Question>(&text).ok());
    match question.filter(|question| question.name == guard) {
        Some(question) => Some((waiting, question)),
        None => {
            waiting.answer(page, None);
            None
        }
    }
}

impl Waiting {
    /// What somebody answers; none where they do not agree.
    pub fn answer(&self, page: &Handle, answer: Option<&str>) {
        let body = serde_json::json!({ "answer": answer }).to_string();
        Answer::new(self.0.clone(), 200)
            .header("Access-Control-Allow-Origin", "*")
            .header("Content-Type", "application/json")
            .send(page, body.as_bytes());
    }
}

/// A request that waits for a name and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(pub RequestId);

/// What a server says when it wants a password.
pub struct Challenged {
    pub challenge: Challenge,
    pub origin: String,
    pub realm: String,
}

/// Reads `Fetch.authRequired`. What cannot be read, or is no server's, is answered here: there is no password.
pub fn challenge(page: &Handle, event: &Event) -> Option<Challenged> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Required {
        request_id: RequestId,
        auth_challenge: AuthChallenge,
    }
    #[derive(Deserialize)]
    struct AuthChallenge {
        #[serde(default)]
        source: String,
        origin: String,
        #[serde(default)]
        realm: String,
    }
    match event.parse::<Required>() {
        Ok(Required { request_id, auth_challenge: AuthChallenge { source, origin, realm } }) if source != "Proxy" => {
            Some(Challenged { challenge: Challenge(request_id), origin, realm })
        }
        Ok(Required { request_id, .. }) => {
            Challenge(request_id).answer(page, None);
            None
        }
        Err(_) => {
            if let Ok(Held { request_id }) = event.parse() {
                Challenge(request_id).answer(page, None);
            }
            None
        }
    }
}

impl Challenge {
    /// A name and a password, or that there is none.
    pub fn answer(&self, page: &Handle, credentials: Option<(&Private<String>, &Private<String>)>) {
        let response = match credentials {
            Some((name, password)) => AuthChallengeResponse {
                response: AuthChallengeResponseResponse::ProvideCredentials,
                username: Some(name.reveal().clone()),
                password: Some(password.reveal().clone()),
            },
            None => AuthChallengeResponse::new(AuthChallengeResponseResponse::CancelAuth),
        };
        let _ = page.tell(ContinueWithAuthParams::IDENTIFIER, ContinueWithAuthParams::new(self.0.clone(), response));
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Proof,
    More,
    Empty,
    Failed,
    Question,
    Pdf,
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Held {
    request_id: RequestId,
}

/// The part of `Fetch.requestPaused` that is of use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    pub request_id: RequestId,
    pub request: Request,
    /// Why there is no answer (`Network.ErrorReason`).
    #[serde(default)]
    response_error_reason: Option<String>,
    #[serde(default)]
    pub response_status_code: Option<i64>,
    #[serde(default)]
    pub response_headers: Vec<HeaderEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub url: String,
    #[serde(default)]
    post_data: Option<String>,
    #[serde(default)]
    headers: HashMap<String, String>,
}

impl Paused {
    fn kind(&self) -> Kind {
        match self.response_error_reason.as_deref() {
            None => {}
            // Somebody went elsewhere meanwhile, or what answered does not want to be in a frame: no page is missing.
            Some("Aborted" | "BlockedByResponse") => return Kind::Other,
            Some(_) => return Kind::Failed,
        }
        match self.response_status_code {
            None if self.request.url.starts_with(NOWHERE) => Kind::Proof,
            None if self.request.url.starts_with(pdf::MORE) => Kind::More,
            None if self.request.url.starts_with(own::EMPTY) => Kind::Empty,
            None if self.request.url.starts_with(ASKED_AT) => Kind::Question,
            // Redirections and answers without a body are no documents.
            Some(200..=203 | 206..=299 | 400..=599) if self.is_shown() && pdf::is_pdf(self) => Kind::Pdf,
            _ => Kind::Other,
        }
    }

    /// Whether the answer is to be shown: what is asked for to be saved (by `<a download>`) lacks what browsers send with each
    /// request for a document (W3C, "Upgrade Insecure Requests").
    fn is_shown(&self) -> bool {
        self.request.headers.keys().any(|name| name.eq_ignore_ascii_case("upgrade-insecure-requests"))
    }

    /// All values of a header of the answer.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.response_headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_str())
    }
}

/// `Fetch.fulfillRequest`, whose body is not copied more often than it must.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    request_id: RequestId,
    response_code: i64,
    response_headers: Vec<HeaderEntry>,
    body: String,
}

impl Answer {
    pub fn new(request_id: RequestId, response_code: i64) -> Answer {
        Answer { request_id, response_code, response_headers: Vec::new(), body: String::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.response_headers.push(HeaderEntry { name: name.into(), value: value.into() });
        self
    }

    pub fn send(mut self, page: &Handle, body: &[u8]) {
        use base64::Engine;
        self.body = base64::engine::general_purpose::STANDARD.encode(body);
        // An error says that the page is gone, and its requests with it.
        let _ = page.tell(fetch::FulfillRequestParams::IDENTIFIER, self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHOWN: [(&str, &str); 1] = [("Upgrade-Insecure-Requests", "1")];

    fn kind(url: &str, status: Option<i64>, headers: &[(&str, &str)]) -> Kind {
        let headers: Vec<_> = headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let mut paused =
            json!({ "requestId": "1", "request": { "url": url, "headers": HashMap::from(SHOWN) }, "frameId": "F" });
        if let Some(status) = status {
            paused["responseStatusCode"] = status.into();
            paused["responseHeaders"] = headers.into();
        }
        serde_json::from_value::<Paused>(paused).unwrap().kind()
    }

    #[test]
    fn only_pdfs_that_would_be_shown_are_kept() {
        let url = "https://bank.example/statement";
        let pdf = ("Content-Type", "application/pdf");
        for (status, headers, expected) in [
            (200, vec![pdf], Kind::Pdf),
            (200, vec![("content-type", "Application/PDF; charset=binary")], Kind::Pdf),
            (404, vec![pdf], Kind::Pdf),
            (200, vec![pdf, ("Content-Disposition", "inline; filename=\"a.pdf\"")], Kind::Pdf),
            (200, vec![pdf, ("content-disposition", "Attachment; filename=a.pdf")], Kind::Other),
            (200, vec![("Content-Type", "text/html")], Kind::Other),
            (200, vec![("Content-Type", "text/html; x=application/pdf")], Kind::Other),
            (200, vec![], Kind::Other),
            (302, vec![pdf, ("Location", "/a")], Kind::Other),
            (204, vec![pdf], Kind::Other),
        ] {
            assert_eq!(kind(url, Some(status), &headers), expected, "{status} {headers:?}");
        }
    }

    #[test]
    fn what_is_asked_for_to_be_saved_is_saved_as_it_is() {
        let mut paused: Paused = serde_json::from_value(json!({
            "requestId": "1",
            "request": { "url": "https://bank.example/a.pdf", "headers": { "Referer": "https://bank.example/" } },
            "responseStatusCode": 200,
            "responseHeaders": [{ "name": "Content-Type", "value": "application/pdf" }],
        }))
        .unwrap();
        assert_eq!(paused.kind(), Kind::Other);
        paused.request.headers = SHOWN.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(paused.kind(), Kind::Pdf);
    }

    #[test]
    fn a_page_that_does_not_come_is_told_in_our_words() {
        for (reason, expected) in
            [("NameNotResolved", Kind::Failed), ("Failed", Kind::Failed), ("Aborted", Kind::Other)]
        {
            let paused = json!({ "requestId": "1", "request": { "url": "https://shop.example/" }, "responseErrorReason": reason });
            assert_eq!(serde_json::from_value::<Paused>(paused).unwrap().kind(), expected, "{reason}");
        }
    }

    #[test]
    fn what_we_answer_ourselves_never_leaves_the_browser() {
        assert_eq!(kind(NOWHERE, None, &[]), Kind::Proof);
        assert_eq!(kind("https://pdf.invalid/wasm/openjpeg.wasm", None, &[]), Kind::More);
        assert_eq!(kind(own::EMPTY, None, &[]), Kind::Empty);
        assert_eq!(kind("https://pdf.invalid.example/", None, &[]), Kind::Other);
        assert_eq!(kind("https://shop.example/", None, &[]), Kind::Other);
    }
}
