//! The browser node: hosts one isolated Chromium a session, shows it and lets people act in it.
//!
//! The node itself ([`node`]) only supervises. Each session is a process of its own ([`worker`]) under a user of its own,
//! started by the one part that is privileged ([`launcher`]).

pub mod config;
pub mod handshake;
pub mod launcher;
pub mod metrics;
pub mod node;
pub mod worker;

use launcher::{INHERITED, Plan};
use std::os::fd::{FromRawFd, OwnedFd};

/// The executable starts itself anew as launcher and as worker. Gives what that came to, or nothing when this process is
/// neither. Called first of all in `main`, before there are threads.
pub fn reexecuted(arguments: &[String]) -> Option<anyhow::Result<()>> {
    let (role, rest) = arguments.get(1..).and_then(<[String]>::split_first)?;
    match role.as_str() {
        "launcher" => {
            tandem_component::init_logs();
            let plan =
                Plan::from_arguments(rest).ok_or_else(|| anyhow::anyhow!("the launcher is started by the node alone"));
            Some(plan.and_then(|plan| Ok(launcher::run(&plan)?)))
        }
        "worker" => {
            tandem_component::init_logs();
            // SAFETY: the launcher passed this descriptor for this purpose, and nothing else in this process knows it.
            let node = unsafe { OwnedFd::from_raw_fd(INHERITED) };
            Some(worker::run(node.into()))
        }
        _ => None,
    }
}
