use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

/// A name that came from outside and is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: use {min} to {max} of a-z, 0-9 and '-'")]
pub struct BadName {
    what: &'static str,
    min: usize,
    max: usize,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $min:literal..=$max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(try_from = "String", into = "String")]
        #[ts(type = "string")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(value: String) -> Result<Self, BadName> {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if ($min..=$max).contains(&value.len()) && value.bytes().all(plain) {
                    Ok(Self(value))
                } else {
                    Err(BadName { what: $what, min: $min, max: $max })
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadName;
            fn from_str(value: &str) -> Result<Self, BadName> {
                value.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// One shared browsing. 128 random bits in base 32; it names a session but opens nothing.
    SessionId, "session id", 26..=26
);
name!(
    /// The tenant, as it stands in addresses: `/c/{company}`.
    CompanyId, "company", 2..=40
);
name!(
    /// Somebody who can sign in.
    PersonId, "person id", 26..=26
);
name!(
    /// What somebody may do at a company: `agent`, `supervisor`, `admin`, or a role of the company's own.
    RoleId, "role", 2..=40
);
name!(
    /// A key by which programs use the API. It names the key and opens nothing.
    KeyId, "key id", 26..=26
);
name!(
    /// A browser node or an SFU, as its operator named it.
    NodeName, "node name", 1..=60
);

/// 16 random bytes (RFC 4648 base 32, lower case, no padding).
fn base32(bytes: [u8; 16]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bits = u128::from_be_bytes(bytes);
    let digit = |i: u32| ALPHABET[((bits >> (125 - 5 * i.min(25))) & 31) as usize] as char;
    (0..26).map(digit).collect()
}

macro_rules! random {
    ($($name:ident),*) => { $(
        impl $name {
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(base32(bytes))
            }
        }
    )* };
}
random!(SessionId, PersonId, KeyId);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "number")]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A person in one session. Never used again in that session, also not after they left.
    ParticipantId
);
number!(
    /// A tab of the cloud browser, in the order in which tabs were opened.
    TabId
);
number!(
    /// Counts one participant's inputs, so that the picture that answers one can be found (click-to-photon).
    InputId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_hold_all_their_bits() {
        let zero = SessionId::from_random([0; 16]);
        assert_eq!(zero.as_str(), "a".repeat(26));
        let mut seen = std::collections::HashSet::new();
        for bit in 0..128 {
            let id = SessionId::from_random((1u128 << bit).to_be_bytes());
            assert_eq!(id.as_str().parse::<SessionId>(), Ok(id.clone()));
            assert!(seen.insert(id), "bit {bit} is lost");
        }
    }

    #[test]
    fn names_from_outside_are_checked() {
        for bad in ["", "x", "Demo", "a b", "a/b", "é-company", &"a".repeat(41)] {
            assert!(bad.parse::<CompanyId>().is_err(), "{bad:?}");
            assert!(serde_json::from_value::<CompanyId>(bad.into()).is_err(), "{bad:?}");
        }
        assert_eq!("demo".parse::<CompanyId>().unwrap().as_str(), "demo");
    }
}
