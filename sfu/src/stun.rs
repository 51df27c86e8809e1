//! The little of STUN (RFC 8489) that telling connections apart needs. Whether a check is genuine is the stack's to say:
//! it accepts only those.

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const USERNAME: u16 = 0x0006;

/// Whether a datagram is STUN, and neither DTLS nor media (RFC 7983 §7).
pub(crate) fn is(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first <= 3)
}

/// Our end's name in a check (RFC 8445 §7.2.2). Anybody may have written it.
pub(crate) fn named(datagram: &[u8]) -> Option<&str> {
    let mut rest = attributes(datagram, BINDING_REQUEST)?;
    while let [a, b, c, d, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        if u16::from_be_bytes([*a, *b]) == USERNAME {
            return std::str::from_utf8(after.get(..length)?).ok()?.split(':').next();
        }
        rest = after.get(length.next_multiple_of(4)..)?;
    }
    None
}

/// Whether a datagram of ours tells somebody that their check was genuine.
pub(crate) fn accepts(datagram: &[u8]) -> bool {
    attributes(datagram, BINDING_SUCCESS).is_some()
}

fn attributes(datagram: &[u8], kind: [u8; 2]) -> Option<&[u8]> {
    let (header, attributes) = datagram.split_at_checked(HEADER)?;
    (header[..2] == kind && header[4..8] == COOKIE).then_some(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        bytes.extend([7; 12]);
        bytes.extend([0x80, 0x22, 0, 3, b'x', b'y', b'z', 0]);
        bytes.extend([0, 6, 0, name.len() as u8]);
        bytes.extend(name);
        bytes
    }

    #[test]
    fn names_are_read_and_rubbish_is_not() {
        let whole = request(b"ours:theirs");
        assert_eq!(named(&whole), Some("ours"));
        assert_eq!(named(&request(&[0xff, 0xfe])), None);
        for end in 0..whole.len() {
            assert_eq!(named(&whole[..end]), None);
        }
        assert_eq!(named(&[0; 40]), None);
    }

    #[test]
    fn answers_are_told_from_requests() {
        let mut bytes = request(b"a:b");
        assert!(!accepts(&bytes));
        bytes[0] = 1;
        assert!(accepts(&bytes) && named(&bytes).is_none());
        assert!(!accepts(&bytes[..19]));
    }
}
