//! How a node is told what to do. Shared by its own binary and the all-in-one.

use crate::launcher::{MOST_SLOTS, Plan};
use std::net::IpAddr;
use std::path::PathBuf;

/// What concerns the browsers themselves.
#[derive(Debug, Clone, clap::Args)]
pub struct BrowserArguments {
    /// Sessions at once on this node
    #[arg(long, env = "TANDEM_SLOTS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SLOTS)))]
    pub slots: u32,

    /// Browsers kept up for the next sessions
    #[arg(long, env = "TANDEM_WARM", default_value_t = 1)]
    pub warm: u32,

    /// The Chromium to run [default: where it is usually installed]
    #[arg(long, env = "TANDEM_CHROMIUM")]
    pub chromium: Option<PathBuf>,

    /// Cisco's own binary of openh264 [default: the one built in]
    #[arg(long, env = "TANDEM_OPENH264")]
    pub openh264: Option<PathBuf>,

    /// Private addresses (host:port, by commas) that pages may be loaded from; empty in production
    #[arg(long, env = "TANDEM_ALLOW_PRIVATE", value_delimiter = ',')]
    pub allow_private: Vec<String>,

    /// The user of the first slot, when started as root; the other slots' users follow
    #[arg(long, env = "TANDEM_FIRST_USER", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1001..))]
    pub first_user: u32,

    /// The address from which the SFU is reached
    #[arg(long, env = "TANDEM_NODE_ADDRESS", default_value = "127.0.0.1")]
    pub media_address: IpAddr,

    /// Where slots keep their files; it should be tmpfs
    #[arg(long, env = "TANDEM_RUNTIME", default_value = "/dev/shm")]
    pub runtime: PathBuf,
}

impl BrowserArguments {
    /// What the launcher is started with.
    pub fn plan(&self) -> Plan {
        let directory = self.runtime.join(format!("tandem-{}", std::process::id()));
        Plan { first_user: self.first_user, slots: self.slots, directory }
    }

    /// The user as whom everything but launcher and workers runs, when started as root.
    pub fn own_user(&self) -> u32 {
        self.first_user - 1
    }

    pub fn into_config(self, control: tandem_component::ControlConfig) -> crate::node::Config {
        let BrowserArguments { slots, warm, chromium, openh264, allow_private, media_address, .. } = self;
        crate::node::Config { slots, warm, chromium, openh264, media_address, allow_private, control }
    }
}
