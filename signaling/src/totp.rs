//! One-time codes of authenticator apps: RFC 6238 with SHA-1, 30 seconds and six digits, which is what all of them speak.

use ring::hmac;
use subtle::ConstantTimeEq;

const STEP: i64 = 30;
/// A code of the step before or after is taken too: clocks differ, and people type slowly.
pub(crate) const TOLERANCE: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// 160 random bits in base 32 (RFC 4226 §4).
pub(crate) fn new_secret() -> String {
    rand::random::<[u8; 32]>().iter().map(|byte| ALPHABET[usize::from(byte & 31)] as char).collect()
}

/// For a QR code that the app reads.
pub(crate) fn uri(secret: &str, account: &str, issuer: &str) -> String {
    let mut uri = url::Url::parse("otpauth://totp/").expect("a valid address");
    uri.set_path(&format!("{issuer}:{account}"));
    uri.query_pairs_mut().append_pair("secret", secret).append_pair("issuer", issuer);
    // Apps take a plus for what it is.
    uri.to_string().replace('+', "%20")
}

/// The step of which `code` is the code, when it is one of about now.
pub(crate) fn step_of(secret: &str, code: &str, now: i64) -> Option<i64> {
    let key = decoded(secret)?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = now / STEP;
    (step - TOLERANCE..=step + TOLERANCE).find(|step| self::code(&key, *step).as_bytes().ct_eq(code.as_bytes()).into())
}

fn code(key: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let hash = hmac::sign(&key, &step.to_be_bytes());
    let hash = hash.as_ref();
    // RFC 4226 §5.3
    let offset = usize::from(hash[hash.len() - 1] & 15);
    let bytes = [hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    format!("{:06}", u32::from_be_bytes(bytes) % 1_000_000)
}

fn decoded(secret: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for digit in secret.bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == digit)?;
        (bits, held) = (bits << 5 | value as u32, held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, by their last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let key = b"12345678901234567890";
        let vectors =
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")];
        for (at, expected) in vectors {
            assert_eq!(code(key, at / STEP), expected, "at {at}");
        }
        assert_eq!(decoded("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap(), key);
    }

    #[test]
    fn a_code_holds_for_its_neighbours_and_no_longer() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(step_of(secret, "287 082", 59), Some(1));
        assert_eq!(step_of(secret, "287082", 59 + STEP), Some(1));
        assert_eq!(step_of(secret, "287082", 59 + 2 * STEP), None);
        assert_eq!(step_of(secret, "28708", 59), None);
        assert_eq!(step_of("not base 32", "287082", 59), None);
        assert_eq!(new_secret().len(), 32);
    }

    #[test]
    fn apps_are_told_whose_code_it_is() {
        let uri = uri("GEZD", "ana@acme.example", "Acme & Co");
        assert_eq!(uri, "otpauth://totp/Acme%20&%20Co:ana@acme.example?secret=GEZD&issuer=Acme%20%26%20Co");
    }
}
