//! OpenID Connect as a relying party: authorization code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636).

mod token;

use crate::fetch::{FetchError, Fetcher};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tandem_protocol::Private;
use tandem_protocol::api::Provider;
use token::{Claims, Expected, Keys};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Why a provider's word was not taken. Holds nothing of what it said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    #[error("{0}: {1}")]
    Fetch(&'static str, FetchError),
    #[error("{0} was refused with {1}")]
    Refused(&'static str, u16),
    #[error("{0} was not understood")]
    Malformed(&'static str),
    #[error("the provider names itself otherwise")]
    Issuer,
    #[error("the identity: {0}")]
    Token(#[from] token::TokenError),
    #[error("the provider tells of no e-mail address, or of none that it has checked")]
    Email,
}

/// What a provider says of itself (OpenID Connect Discovery 1.0 §3).
#[derive(Debug, Clone, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: Address,
    token_endpoint: Address,
    jwks_uri: Address,
    userinfo_endpoint: Option<Address>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Address(Url);

impl TryFrom<String> for Address {
    type Error = url::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Url::parse(&text).map(Address)
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// What was asked, to be held against the answer.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) state: Private<String>,
    nonce: Private<String>,
    verifier: Private<String>,
    redirect: String,
}

/// Who somebody is, by their provider's word.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Identity {
    pub(crate) email: Private<String>,
    pub(crate) name: Option<Private<String>>,
}

impl Asked {
    pub(crate) fn new(redirect: String) -> Asked {
        let random = || Private::new(crate::tokens::new_secret());
        Asked { state: random(), nonce: random(), verifier: random(), redirect }
    }
}

/// Where somebody goes to sign in.
pub(crate) async fn address(fetcher: &Fetcher, provider: &Provider, asked: &Asked) -> Result<Url, OidcError> {
    let mut url = discover(fetcher, provider).await?.authorization_endpoint.0;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(asked.verifier.reveal()));
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &asked.redirect)
        .append_pair("scope", "openid email profile")
        .append_pair("state", asked.state.reveal())
        .append_pair("nonce", asked.nonce.reveal())
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

/// Turns the code that somebody came back with into who they are.
pub(crate) async fn redeem(
    fetcher: &Fetcher,
    provider: &Provider,
    asked: &Asked,
    code: &str,
    now: i64,
) -> Result<Identity, OidcError> {
    let discovered = discover(fetcher, provider).await?;
    let tokens = tokens(fetcher, &discovered, provider, asked, code).await?;
    let keys: Keys = get(fetcher, "the provider's keys", &discovered.jwks_uri.0, None).await?;
    let expected =
        Expected { issuer: &discovered.issuer, client: &provider.client_id, nonce: asked.nonce.reveal(), now };
    let mut claims = token::check(&tokens.id_token, &keys, &expected)?;
    if claims.email.is_none()
        && let (Some(Address(url)), Some(access)) = (&discovered.userinfo_endpoint, &tokens.access_token)
    {
        let told: Claims = get(fetcher, "the provider's word on somebody", url, Some(access)).await?;
        // OpenID Connect Core 1.0 §5.3.2: of somebody else it must not be taken.
        if told.sub == claims.sub {
            claims = told;
        }
    }
    let email = claims.email.filter(|_| claims.email_verified != Some(false)).ok_or(OidcError::Email)?;
    Ok(Identity { email, name: claims.name })
}

async fn discover(fetcher: &Fetcher, provider: &Provider) -> Result<Discovered, OidcError> {
    const WHAT: &str = "the provider's configuration";
    let url = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(|_| OidcError::Malformed(WHAT))?;
    let discovered: Discovered = get(fetcher, WHAT, &url, None).await?;
    if discovered.issuer.trim_end_matches('/') == provider.issuer.trim_end_matches('/') {
        Ok(discovered)
    } else {
        Err(OidcError::Issuer)
    }
}

async fn tokens(
    fetcher: &Fetcher,
    discovered: &Discovered,
    provider: &Provider,
    asked: &Asked,
    code: &str,
) -> Result<Tokens, OidcError> {
    let request = code_request(discovered, provider, asked, code);
    answered(fetcher, "the code", &discovered.token_endpoint.0, request).await
}

fn code_request(discovered: &Discovered, provider: &Provider, asked: &Asked, code: &str) -> Request<Full<Bytes>> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &asked.redirect)
        .append_pair("code_verifier", asked.verifier.reveal());
    let methods = discovered.token_endpoint_auth_methods_supported.as_ref();
    let by_header = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
    let mut header = None;
    match provider.client_secret.as_ref().map(Private::reveal) {
        Some(secret) if by_header => {
            // RFC 6749 §2.3.1: both parts are form-encoded first.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", encoded(&provider.client_id), encoded(secret)));
            header = HeaderValue::from_str(&format!("Basic {pair}")).ok();
        }
        secret => {
            form.append_pair("client_id", &provider.client_id);
            form.extend_pairs(secret.map(|secret| ("client_secret", secret)));
        }
    }
    let mut request = request(Method::POST, &discovered.token_endpoint.0, form.finish());
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    request.headers_mut().extend(header.map(|header| (AUTHORIZATION, header)));
    request
}

async fn get<T: DeserializeOwned>(
    fetcher: &Fetcher,
    what: &'static str,
    url: &Url,
    access: Option<&String>,
) -> Result<T, OidcError> {
    let mut request = request(Method::GET, url, String::new());
    let bearer = access.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
    request.headers_mut().extend(bearer.map(|bearer| (AUTHORIZATION, bearer)));
    answered(fetcher, what, url, request).await
}

fn request(method: Method, url: &Url, body: String) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body.into()));
    *request.method_mut() = method;
    // What a URL holds between its path and its end is a request target.
    *request.uri_mut() = url[url::Position::BeforePath..url::Position::AfterQuery].parse().unwrap_or_default();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

async fn answered<T: DeserializeOwned>(
    fetcher: &Fetcher,
    what: &'static str,
    url: &Url,
    request: Request<Full<Bytes>>,
) -> Result<T, OidcError> {
    let (status, body) = fetcher.fetch(url, request).await.map_err(|error| OidcError::Fetch(what, error))?;
    if !status.is_success() {
        return Err(OidcError::Refused(what, status.as_u16()));
    }
    serde_json::from_slice(&body).map_err(|_| OidcError::Malformed(what))
}
