//! Measures a Tandem that it starts itself, in real browsers, over the wire alone.

mod bench;
mod http;
mod masking;
mod processes;
mod system;
mod viewer;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Benchmarks of the whole system.
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
    /// Seconds for each of the other measurements.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the figures are written as JSON.
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Masking(arguments) => masking::run(arguments).await,
    }
}
