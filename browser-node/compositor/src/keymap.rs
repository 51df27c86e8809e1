//! The keyboard Chromium believes it has.

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Write};

const US: &str = include_str!("us.xkb");

/// A keymap in memory that a client can neither change nor cut off, and its length in bytes with the closing zero.
pub(crate) fn file() -> io::Result<(File, u32)> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut file = File::from(memfd_create("keymap", flags)?);
    file.write_all(US.as_bytes())?;
    file.write_all(&[0])?;
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok((file, US.len() as u32 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek};

    /// The symbols of a Linux key.
    fn symbols(code: u32) -> Option<Vec<&'static str>> {
        let start = format!("key <K{}> {{ [ ", code + 8);
        let (_, rest) = US.split_once(start.as_str())?;
        Some(rest.split_once(" ]")?.0.split(", ").collect())
    }

    #[test]
    fn keys_are_where_linux_has_them() {
        for (code, expected) in [
            (1, "Escape"),
            (2, "1 exclam"),
            (14, "BackSpace"),
            (15, "Tab ISO_Left_Tab"),
            (16, "q Q"),
            (28, "Return"),
            (29, "Control_L"),
            (30, "a A"),
            (41, "grave asciitilde"),
            (42, "Shift_L"),
            (44, "z Z"),
            (53, "slash question"),
            (56, "Alt_L"),
            (57, "space"),
            (59, "F1"),
            (88, "F12"),
            (96, "KP_Enter"),
            (102, "Home"),
            (108, "Down"),
            (111, "Delete"),
            (127, "Menu"),
        ] {
            assert_eq!(symbols(code).map(|s| s.join(" ")).as_deref(), Some(expected), "{code}");
        }
    }

    #[test]
    fn clients_cannot_change_it() {
        let (mut file, length) = file().unwrap();
        assert!(file.write_all(b"x").is_err() && file.set_len(0).is_err());
        file.rewind().unwrap();
        let mut text = Vec::new();
        file.read_to_end(&mut text).unwrap();
        assert_eq!((text.len() as u32, text.last()), (length, Some(&0)));
    }
}
