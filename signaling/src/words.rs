//! Check words: two of 256 in the session's language.

use rand::seq::index;
use std::sync::LazyLock;

const LISTS: [(&str, &str); 7] = [
    ("en", include_str!("words/en.txt")),
    ("es", include_str!("words/es.txt")),
    ("fr", include_str!("words/fr.txt")),
    ("de", include_str!("words/de.txt")),
    ("pt", include_str!("words/pt.txt")),
    ("it", include_str!("words/it.txt")),
    ("nl", include_str!("words/nl.txt")),
];

static WORDS: LazyLock<Vec<(&str, Vec<&str>)>> =
    LazyLock::new(|| LISTS.iter().map(|(language, list)| (*language, list.lines().collect())).collect());

/// Two different ones. `language` is a BCP 47 tag; one that we do not have gets English.
pub(crate) fn two(language: &str) -> [String; 2] {
    let spoken = language.split('-').next().unwrap_or_default();
    let list = WORDS.iter().find(|(known, _)| spoken.eq_ignore_ascii_case(known)).or(WORDS.first());
    let Some((_, list)) = list else { return Default::default() };
    let chosen = index::sample(&mut rand::rng(), list.len(), 2);
    [chosen.index(0), chosen.index(1)].map(|at| list[at].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_language_has_256_words_to_be_read_out() {
        for (language, list) in WORDS.iter() {
            assert_eq!(list.iter().collect::<HashSet<_>>().len(), 256, "{language}");
            for word in list {
                let length = word.chars().count();
                assert!((3..=9).contains(&length) && word.chars().all(char::is_alphabetic), "{language}: {word}");
            }
        }
    }

    #[test]
    fn two_different_words_of_the_language_that_is_spoken() {
        for (language, expected) in [("de-AT", "de"), ("PT", "pt"), ("ja", "en"), ("", "en")] {
            let list = &WORDS.iter().find(|(known, _)| *known == expected).unwrap().1;
            for _ in 0..50 {
                let [one, other] = two(language);
                assert!(one != other && list.contains(&one.as_str()) && list.contains(&other.as_str()));
            }
        }
    }
}
