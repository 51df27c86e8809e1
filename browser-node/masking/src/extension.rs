//! The private extension of one session: its names and its key are nobody else's.

use crate::marker::Key;
use serde_json::json;
use std::io;
use std::path::Path;

/// The customer's sign of what the agent does not see: an eye, crossed out.
const EYE: &str = r##"url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23146e6e' stroke-width='2' stroke-linecap='round'%3E%3Cpath d='M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7z'/%3E%3Ccircle cx='12' cy='12' r='3'/%3E%3Cpath d='M4 3l16 18'/%3E%3C/svg%3E")"##;

/// What a session's extension is made of.
#[derive(Debug, Clone)]
pub struct Extension {
    name: String,
    key: Key,
}

impl Extension {
    /// `random` decides names and key; it must be of a generator fit for secrets.
    pub fn new(random: [u8; 16]) -> Extension {
        let (name, key) = random.split_at(8);
        let name: String = name.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|n| char::from(b'a' + n)).collect();
        let word = |i: usize| u32::from_le_bytes([key[i], key[i + 1], key[i + 2], key[i + 3]]);
        Extension { name, key: Key([word(0), word(4)]) }
    }

    /// What tells its frames from anybody else's.
    pub fn key(&self) -> Key {
        self.key
    }

    /// Where a document's guard is found, as a property of `window` in the extension's world; also the extension's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The function of a guard's world by which it speaks to the node.
    pub fn binding(&self) -> String {
        format!("{}_tell", self.name)
    }

    /// Writes the extension where Chromium can load it from.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        self.files().into_iter().try_for_each(|(name, text)| std::fs::write(directory.join(name), text))
    }

    fn files(&self) -> [(&'static str, String); 5] {
        let name = &self.name;
        let prelude = format!("'use strict';\nconst NAME = '{name}';\nconst KEY = {:?};\n", self.key.0);
        let parts = [
            include_str!("../page/tag.js"),
            include_str!("../page/words.js"),
            include_str!("../page/classify.js"),
            include_str!("../page/text.js"),
            include_str!("../page/element.js"),
            include_str!("../page/rules.js"),
            include_str!("../page/memory.js"),
            include_str!("../page/dom.js"),
            include_str!("../page/byhand.js"),
            include_str!("../page/given.js"),
            include_str!("../page/lookagain.js"),
            include_str!("../page/document.js"),
            include_str!("../page/pdf.js"),
            include_str!("../page/gate.js"),
            include_str!("../page/menu.js"),
            include_str!("../page/pickers.js"),
            include_str!("../page/pick.js"),
            include_str!("../page/lacks.js"),
            include_str!("../page/errands.js"),
            include_str!("../page/outline.js"),
            include_str!("../page/title.js"),
            include_str!("../page/probes.js"),
            include_str!("../page/marker.js"),
            include_str!("../page/areas.js"),
            include_str!("../page/anchors.js"),
            include_str!("../page/phases.js"),
            include_str!("../page/guest.js"),
            include_str!("../page/guests.js"),
            include_str!("../page/start.js"),
        ];
        let guard = format!("(() => {{\n{prelude}{}}})();\n", parts.concat());
        let roots = format!("{{\n{prelude}{}}}\n", include_str!("../page/roots.js"));
        let candidates = candidates();
        let hidden = format!(":is(:is({candidates}):not([{name}-open]),[{name}-secret])");
        let style =
            include_str!("../page/style.css").replace("HIDDEN", &hidden).replace("NAME", name).replace("EYE", EYE);
        let worker = format!("const STYLE = {};\n{}", json!(style), include_str!("../page/worker.js"));
        let script = |more: serde_json::Value| {
            let mut script = json!({
                "matches": ["<all_urls>"],
                "match_origin_as_fallback": true,
                "all_frames": true,
                "run_at": "document_start",
            });
            script.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            script
        };
        let manifest = json!({
            "manifest_version": 3,
            "name": name,
            "version": "1",
            "permissions": [
                "scripting", "storage", "webNavigation", "downloads", "downloads.ui", "favicon", "webRequest", "webRequestAuthProvider",
            ],
            "host_permissions": ["<all_urls>"],
            "background": { "service_worker": "worker.js" },
            "content_scripts": [
                // Until the user's style is there.
                script(json!({ "css": ["style.css"] })),
                script(json!({ "js": ["roots.js"], "world": "MAIN" })),
                script(json!({ "js": ["guard.js"] })),
            ],
        });
        [
            ("manifest.json", manifest.to_string()),
            ("guard.js", guard),
            ("roots.js", roots),
            ("style.css", style),
            ("worker.js", worker),
        ]
    }
}

/// The selectors of `CANDIDATES`, so that style and script never differ.
fn candidates() -> String {
    let script = include_str!("../page/document.js");
    let list = script.split_once("const CANDIDATES = [").and_then(|(_, rest)| rest.split_once("].join"));
    let lines = list.map(|(list, _)| list.lines().map(str::trim).filter(|line| !line.is_empty())).into_iter().flatten();
    lines.map(|line| line.trim_matches([',', '\''])).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_share_neither_names_nor_keys() {
        let (one, other) = (Extension::new([1; 16]), Extension::new([2; 16]));
        assert_ne!(one.name(), other.name());
        assert_ne!(one.key(), other.key());
        for (file, text) in one.files() {
            assert!(!text.contains("NAME-") && !text.contains("HIDDEN"), "{file}");
        }
    }

    #[test]
    fn style_and_script_hide_the_same() {
        let candidates = candidates();
        assert!(
            candidates.starts_with("input:not([type=button i],") && candidates.ends_with(",[data-tandem-doubt]"),
            "{candidates}"
        );
    }
}
