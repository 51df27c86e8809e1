//! An id token: a JWT (RFC 7519) that says who somebody is. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::{Deserialize, Deserializer};
use tandem_protocol::Private;

/// Clocks may differ by so much (seconds).
const LEEWAY: i64 = 60;
/// A token is for now: one that was made longer ago is somebody's old one (seconds).
const OLDEST: i64 = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("it is no token")]
    Malformed,
    #[error("it is signed in a way that is not taken (RS256 and ES256 are)")]
    Algorithm,
    #[error("it is signed with none of the provider's keys")]
    Signature,
    #[error("it is another provider's")]
    Issuer,
    #[error("it is for somebody else")]
    Audience,
    #[error("it is not for now")]
    Time,
    #[error("it answers another question")]
    Nonce,
}

/// A provider's keys (RFC 7517).
#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// What a token or the provider's user info says. Times are missing in the latter.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: Option<Private<String>>,
    #[serde(default, deserialize_with = "truth")]
    pub(super) email_verified: Option<bool>,
    pub(super) name: Option<Private<String>>,
    iss: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    exp: Option<i64>,
    iat: Option<i64>,
    nonce: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Some providers write it as text.
fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(match serde_json::Value::deserialize(from)? {
        serde_json::Value::Null => None,
        value => Some(value == true || value == "true"),
    })
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: i64,
}

/// OpenID Connect Core 1.0 §3.1.3.7
pub(super) fn check(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let header: Header = part(header)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed)?;
    let fits = |key: &&Key| header.kid.is_none() || key.kid.is_none() || key.kid == header.kid;
    let mut keys = keys.keys.iter().filter(fits).filter(|key| key.usage.as_deref().is_none_or(|usage| usage == "sig"));
    let is_signed = match header.alg.as_str() {
        "RS256" => keys.any(|key| is_rsa(key, signed, &signature)),
        "ES256" => keys.any(|key| is_ecdsa(key, signed, &signature)),
        _ => return Err(TokenError::Algorithm),
    };
    if !is_signed {
        return Err(TokenError::Signature);
    }
    let claims: Claims = part(claims)?;
    hold(&claims, expected)?;
    Ok(claims)
}

fn hold(claims: &Claims, expected: &Expected<'_>) -> Result<(), TokenError> {
    if claims.iss.as_deref() != Some(expected.issuer) {
        return Err(TokenError::Issuer);
    }
    let (is_for_us, is_for_others) = match &claims.aud {
        Some(Audience::One(one)) => (one == expected.client, false),
        Some(Audience::Many(many)) => (many.iter().any(|one| one == expected.client), many.len() > 1),
        None => (false, false),
    };
    let azp = claims.azp.as_deref();
    if !is_for_us || (is_for_others && azp.is_none()) || azp.is_some_and(|azp| azp != expected.client) {
        return Err(TokenError::Audience);
    }
    let (Some(ends), Some(made)) = (claims.exp, claims.iat) else { return Err(TokenError::Time) };
    let (earliest, latest) = (expected.now - LEEWAY, expected.now + LEEWAY);
    if ends <= earliest || made > latest || made < expected.now - OLDEST {
        return Err(TokenError::Time);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(TokenError::Nonce);
    }
    Ok(())
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

fn number(text: &Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.as_deref()?).ok()
}

fn is_rsa(key: &Key, signed: &str, signature: &[u8]) -> bool {
    let (Some(n), Some(e)) = (number(&key.n), number(&key.e)) else { return false };
    let components = RsaPublicKeyComponents { n, e };
    key.kty == "RSA" && components.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), signature).is_ok()
}

fn is_ecdsa(key: &Key, signed: &str, signature: &[u8]) -> bool {
    let (Some(x), Some(y)) = (number(&key.x), number(&key.y)) else { return false };
    let point: Vec<u8> = [&[4u8][..], &x, &y].concat();
    let is_curve = key.kty == "EC" && key.crv.as_deref() == Some("P-256");
    is_curve && UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::{Value, json};

    const NOW: i64 = 1_800_000_000;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Signer {
            let random = SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            Signer(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap())
        }

        fn keys(&self) -> Keys {
            let point = self.0.public_key().as_ref();
            let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
            serde_json::from_value(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "1", "x": x, "y": y }] }))
                .unwrap()
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
            let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn expected() -> Expected<'static> {
        Expected { issuer: "https://login.example", client: "tandem", nonce: "n", now: NOW }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://login.example", "aud": "tandem", "exp": NOW + 60, "iat": NOW, "nonce": "n", "sub": "7",
            "email": "ana@acme.example", "email_verified": "true"
        })
    }

    #[test]
    fn a_token_that_says_what_it_must_is_taken() {
        let signer = Signer::new();
        for kid in [json!({ "alg": "ES256", "kid": "1" }), json!({ "alg": "ES256" })] {
            let claims = check(&signer.token(&kid, &claims()), &signer.keys(), &expected()).unwrap();
            assert_eq!((claims.sub.as_str(), claims.email_verified), ("7", Some(true)));
        }
    }

    #[test]
    fn any_other_is_refused_for_what_is_wrong() {
        let signer = Signer::new();
        let es256 = json!({ "alg": "ES256", "kid": "1" });
        let wrong = [
            ("iss", json!("https://evil.example"), TokenError::Issuer),
            ("iss", Value::Null, TokenError::Issuer),
            ("aud", json!("another"), TokenError::Audience),
            ("aud", json!(["tandem", "another"]), TokenError::Audience),
            ("azp", json!("another"), TokenError::Audience),
            ("exp", json!(NOW - 61), TokenError::Time),
            ("exp", Value::Null, TokenError::Time),
            ("iat", json!(NOW + 120), TokenError::Time),
            ("iat", json!(NOW - 3600), TokenError::Time),
            ("nonce", json!("other"), TokenError::Nonce),
            ("nonce", Value::Null, TokenError::Nonce),
        ];
        for (name, value, error) in wrong {
            let mut claims = claims();
            claims[name] = value;
            let checked = check(&signer.token(&es256, &claims), &signer.keys(), &expected());
            assert_eq!(checked.err(), Some(error), "{name}");
        }
    }

    #[test]
    fn no_signature_but_one_of_the_providers_is_taken() {
        let (signer, another) = (Signer::new(), Signer::new());
        let es256 = json!({ "alg": "ES256", "kid": "1" });
        let token = another.token(&es256, &claims());
        assert_eq!(check(&token, &signer.keys(), &expected()).err(), Some(TokenError::Signature));
        let token = signer.token(&json!({ "alg": "ES256", "kid": "2" }), &claims());
        assert_eq!(check(&token, &signer.keys(), &expected()).err(), Some(TokenError::Signature));
        for alg in ["none", "HS256", "RS512"] {
            let token = signer.token(&json!({ "alg": alg }), &claims());
            assert_eq!(check(&token, &signer.keys(), &expected()).err(), Some(TokenError::Algorithm), "{alg}");
        }
        // An elliptic key is no RSA key.
        let token = signer.token(&json!({ "alg": "RS256" }), &claims());
        assert_eq!(check(&token, &signer.keys(), &expected()).err(), Some(TokenError::Signature));
        let token = signer.token(&es256, &claims());
        let changed = token.replacen('.', ".A", 1);
        for nonsense in ["", "a", "a.b", "..", "a.b.c", changed.as_str()] {
            assert!(check(nonsense, &signer.keys(), &expected()).is_err(), "{nonsense}");
        }
    }
}
