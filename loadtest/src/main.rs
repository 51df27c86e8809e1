//! Measures a Tandem, and watches what its agents are sent, over the wire alone.

mod beginnings;
mod bench;
mod http;
mod masking;
mod processes;
mod system;
mod together;
mod viewer;
mod watch;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use tokio::runtime::Builder;

/// Benchmarks of the whole system, and the leak lab's own agent.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything on one machine, looks at it through a headless Chromium, and prints a table.
    Bench(BenchArguments),
    /// The same with a customer and an agent, on pages with and without secrets: what masking costs.
    Masking(BenchArguments),
    /// Joins a session as an agent and looks for secrets in every picture that it is sent.
    Watch(WatchArguments),
}

#[derive(clap::Args)]
struct WatchArguments {
    /// The agent's one-time link, of a session whose customer has accepted or soon will.
    #[arg(long)]
    url: url::Url,
    /// What no message to the agent may hold, in whatever case.
    #[arg(long, default_value = "canary")]
    canary: String,
}

#[derive(clap::Args)]
struct BenchArguments {
    /// The all-in-one binary; the one beside this program when unset.
    #[arg(long)]
    tandem: Option<PathBuf>,
    /// The Chromium of the viewer.
    #[arg(long, default_value = "/usr/bin/chromium")]
    chromium: PathBuf,
    /// Clicks and keys to measure, each.
    #[arg(long, default_value_t = 80)]
    flips: u32,
    /// Sessions begun, with a warm browser and without.
    #[arg(long, default_value_t = 20)]
    beginnings: u32,
    /// Seconds for each of the other measurements.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the figures are written as JSON.
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let command = Arguments::parse().command;
    let mut runtime = match command {
        Command::Bench(_) | Command::Masking(_) => Builder::new_current_thread(),
        // Packets are taken while others are still read, or a burst of them would be lost in between.
        Command::Watch(_) => Builder::new_multi_thread(),
    };
    runtime.worker_threads(2).enable_all().build()?.block_on(async {
        match command {
            Command::Bench(arguments) => bench::run(arguments).await,
            Command::Masking(arguments) => masking::run(arguments).await,
            Command::Watch(arguments) => watch::run(arguments).await,
        }
    })
}
