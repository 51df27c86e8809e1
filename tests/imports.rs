//! Who may import whom (ARCHITECTURE.md): read from the manifests, so that no arrow is drawn by accident.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

const ALLOWED: [(&str, &[&str]); 16] = [
    ("tandem-protocol", &[]),
    ("tandem-media", &[]),
    ("tandem-cdp", &[]),
    ("tandem-component", &["tandem-protocol"]),
    ("tandem-compositor", &["tandem-protocol"]),
    ("tandem-egress", &["tandem-protocol"]),
    ("tandem-masking", &[]),
    ("tandem-policy", &["tandem-protocol"]),
    ("tandem-router", &["tandem-protocol"]),
    ("tandem-session", &["tandem-protocol"]),
    ("tandem-sound", &[]),
    (
        "tandem-browser-node",
        &[
            "tandem-cdp",
            "tandem-component",
            "tandem-compositor",
            "tandem-egress",
            "tandem-masking",
            "tandem-media",
            "tandem-policy",
            "tandem-protocol",
            "tandem-sound",
        ],
    ),
    ("tandem-sfu", &["tandem-component", "tandem-media", "tandem-protocol", "tandem-router"]),
    ("tandem-signaling", &["tandem-component", "tandem-protocol", "tandem-session"]),
    // It speaks to the system over the wire alone: what the wire is, and `cdp` to drive its own viewer.
    ("tandem-loadtest", &["tandem-cdp", "tandem-media", "tandem-protocol"]),
    (
        "tandem",
        &[
            "tandem-browser-node",
            "tandem-component",
            "tandem-protocol",
            "tandem-session",
            "tandem-sfu",
            "tandem-signaling",
        ],
    ),
];

/// What WebRTC, CDP and SQL are called: none of it belongs into `protocol` or into a pure core.
const SHELL_CRATES: [&str; 6] = ["rtc", "webrtc", "chromiumoxide_cdp", "sqlx", "axum", "tokio"];
const PURE: [&str; 4] = ["tandem-protocol", "tandem-policy", "tandem-router", "tandem-session"];

#[test]
fn only_the_arrows_that_are_drawn() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's JSON");
    let text = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let packages: BTreeMap<String, Vec<String>> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|p| (text(p), p["dependencies"].as_array().expect("dependencies").iter().map(text).collect()))
        .collect();
    assert_eq!(packages.len(), ALLOWED.len(), "a new crate needs its arrows: {:?}", packages.keys());
    for (name, allowed) in ALLOWED {
        let dependencies = &packages[name];
        let ours = dependencies.iter().filter(|d| packages.contains_key(*d));
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not import {dependency}");
        }
        if PURE.contains(&name) {
            assert!(!dependencies.iter().any(|d| SHELL_CRATES.contains(&d.as_str())), "{name} is to stay pure");
        }
    }
}
