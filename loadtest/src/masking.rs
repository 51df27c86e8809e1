//! What masking costs: a customer and an agent in one session, on the same pages with and without secrets.

use crate::BenchArguments;
use crate::bench::{Latency, Load, flips, load, settle};
use crate::system::System;
use crate::viewer::Viewer;
use anyhow::{Context, Result};
use serde::Serialize;
use std::time::Duration;

/// Secrets in sight while latency and motion are measured, and on the long page that is scrolled.
const FEW: u32 = 8;
const MANY: u32 = 80;
/// After another page was asked for.
const CALM: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize)]
struct Figures {
    customer_key: Pair<Latency>,
    agent_key: Pair<Latency>,
    still: Load,
    customer_motion: Pair<Load>,
    agent_motion: Pair<Load>,
    scroll: Pair<Load>,
}

#[derive(Debug, Serialize)]
struct Pair<T> {
    without: T,
    with: T,
}

pub async fn run(arguments: BenchArguments) -> Result<()> {
    let program = match arguments.tandem {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("tandem"),
    };
    let system = System::start(&program).await?;
    let (customer, agent) = (Viewer::start(&arguments.chromium).await?, Viewer::start(&arguments.chromium).await?);
    let session = system.create("flip.html").await?;
    customer.join(&session.customer_url).await?;
    customer.fit().await?;
    agent.join_as_agent(&session.agent_url).await?;
    for viewer in [&customer, &agent] {
        viewer.evaluate("document.querySelector('[data-tandem=screen]').focus()").await?;
    }
    let time = Duration::from_secs(arguments.seconds);
    let page = |name: &str, secrets| format!("{name}.html?secrets={secrets}");
    let open = async |name: &str, secrets| {
        system.navigate(&session.id, &page(name, secrets)).await?;
        settle(CALM).await;
        Ok::<(), anyhow::Error>(())
    };

    println!("keys …");
    open("flip", 0).await?;
    let customer_without = flips(&customer, arguments.flips, "keydown").await?;
    let agent_without = flips(&agent, arguments.flips, "keydown").await?;
    open("flip", FEW).await?;
    let customer_with = flips(&customer, arguments.flips, "keydown").await?;
    let agent_with = flips(&agent, arguments.flips, "keydown").await?;
    println!("still page …");
    settle(CALM).await;
    let still = load(&system, &agent, time, idle).await?;
    println!("full motion …");
    let motion = async |secrets| {
        open("motion", secrets).await?;
        let of_agent = load(&system, &agent, time, idle).await?;
        let of_customer = load(&system, &customer, time, idle).await?;
        Ok::<_, anyhow::Error>((of_customer, of_agent))
    };
    let (without, with) = (motion(0).await?, motion(FEW).await?);
    println!("scrolling …");
    let scroll = async |secrets| {
        open("article", secrets).await?;
        load(&system, &agent, time, || customer.wheel(30)).await
    };
    let scroll = Pair { without: scroll(0).await?, with: scroll(MANY).await? };

    let figures = Figures {
        customer_key: Pair { without: customer_without, with: customer_with },
        agent_key: Pair { without: agent_without, with: agent_with },
        still,
        customer_motion: Pair { without: without.0, with: with.0 },
        agent_motion: Pair { without: without.1, with: with.1 },
        scroll,
    };
    print(&figures);
    std::fs::write(&arguments.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", arguments.json.display()))
}

async fn idle() -> Result<()> {
    Ok(())
}

fn print(figures: &Figures) {
    println!("\n{:<22} {:>12} {:>12}", "p50 / p95 ms", "no secrets", "8 secrets");
    let latency = |l: &Latency| format!("{:.1} / {:.1}", l.p50, l.p95);
    for (name, pair) in [("customer's key", &figures.customer_key), ("agent's key", &figures.agent_key)] {
        println!("{name:<22} {:>12} {:>12}", latency(&pair.without), latency(&pair.with));
        println!("{:<22} {:>12} {:>12}", "  lost", pair.without.lost, pair.with.lost);
    }
    println!("\n{:<22} {:>12} {:>12}", "frames a second", "no secrets", "8 secrets");
    for (name, pair) in [("customer, motion", &figures.customer_motion), ("agent, motion", &figures.agent_motion)] {
        println!("{name:<22} {:>12.1} {:>12.1}", pair.without.frames_per_second, pair.with.frames_per_second);
    }
    println!("\nstill page with {FEW} secrets: {:.1} packets a second to the agent", figures.still.packets_per_second);
    println!("\n{:<22} {:>10} {:>10} {:>10}", "% of a core", "main", "worker", "Chromium");
    for (name, l) in [
        ("still, 8 secrets", &figures.still),
        ("motion", &figures.agent_motion.without),
        ("motion, 8 secrets", &figures.agent_motion.with),
        ("scroll", &figures.scroll.without),
        ("scroll, 80 secrets", &figures.scroll.with),
    ] {
        println!("{name:<22} {:>10.1} {:>10.1} {:>10.1}", l.main_percent, l.worker_percent, l.chromium_percent);
    }
    let all = |l: &Load| l.main_percent + l.worker_percent + l.chromium_percent;
    println!(
        "\nscrolling with {MANY} secrets takes {:.2} times what it takes without",
        all(&figures.scroll.with) / all(&figures.scroll.without)
    );
}
