//! Names of files, as strangers give them.

use tandem_protocol::files::NAME;

/// What becomes of a name that has nothing in it.
const NAMELESS: &str = "file";

/// A name that is one: the last part of a path, without what hides, breaks a line, turns text around or means something to a file system.
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().map(|c| if is_trouble(c) { '_' } else { c }).collect();
    // Dots at the beginning hide a file; dots and spaces at the end are lost on some systems.
    let plain = plain.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    let short = shorten(plain);
    if short.is_empty() { NAMELESS.to_owned() } else { short }
}

fn is_trouble(c: char) -> bool {
    // Directions and invisible characters (Unicode Bidi_Control, Default_Ignorable) make `exe.pdf` of `fdp.exe`.
    let is_hidden = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    c.is_control() || is_hidden || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

/// What is too long loses its middle, so that it stays the kind of file that it is.
fn shorten(name: &str) -> String {
    if name.len() <= NAME {
        return name.to_owned();
    }
    let (stem, ending) = match name.rfind('.').filter(|dot| name.len() - dot <= 16) {
        Some(dot) => name.split_at(dot),
        None => (name, ""),
    };
    let most = NAME - ending.len();
    let end = (0..=most).rev().find(|at| stem.is_char_boundary(*at)).unwrap_or_default();
    format!("{}{ending}", &stem[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_name_is_one() {
        for (given, kept) in [
            ("invoice.pdf", "invoice.pdf"),
            ("Rechnung für März 2026.pdf", "Rechnung für März 2026.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\Eva\\id.png", "id.png"),
            ("a\nb\u{0}c.txt", "a_b_c.txt"),
            ("evil\u{202e}fdp.exe", "evil_fdp.exe"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            ("what? \"this\".txt", "what_ _this_.txt"),
            ("ends with a dot.", "ends with a dot"),
            ("猫.jpg", "猫.jpg"),
        ] {
            assert_eq!(clean(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = clean(&format!("{}.tar", "ü".repeat(10_000)));
        assert!(name.len() <= NAME && name.ends_with("ü.tar"), "{}", name.len());
        let name = clean(&format!("a.{}", "b".repeat(10_000)));
        assert_eq!(name.len(), NAME);
    }
}
