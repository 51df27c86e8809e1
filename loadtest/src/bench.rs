//! The measurements, one after the other, in one session.

use crate::BenchArguments;
use crate::beginnings::{self, Beginnings};
use crate::processes::{Account, Part, account};
use crate::system::System;
use crate::together::{self, Together};
use crate::viewer::Viewer;
use anyhow::{Context, Result};
use serde::Serialize;
use std::time::{Duration, Instant};

#[derive(Debug, Serialize)]
struct Figures {
    /// To the changed pixel of the viewer's video.
    click: Latency,
    key: Latency,
    motion: Load,
    scroll: Load,
    still: Load,
    /// Proportional set size of the session's worker and Chromium, in megabytes.
    memory_megabytes: f64,
    jitter_buffer_milliseconds: f64,
    stages_milliseconds: Vec<(String, f64)>,
    first_picture: Beginnings,
    together: Together,
}

/// From the DOM event in a viewer's page to what is seen of it, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Latency {
    flips: usize,
    pub lost: usize,
    pub p50: f64,
    pub p95: f64,
}

/// What something costs while it goes on.
#[derive(Debug, Serialize)]
pub struct Load {
    pub frames_per_second: f64,
    megabits_per_second: f64,
    pub packets_per_second: f64,
    /// Of one core, in percent.
    pub main_percent: f64,
    pub worker_percent: f64,
    pub chromium_percent: f64,
}

pub async fn run(arguments: BenchArguments) -> Result<()> {
    let program = match arguments.tandem {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("tandem"),
    };
    let system = System::start(&program).await?;
    let viewer = Viewer::start(&arguments.chromium).await?;
    let session = system.create("flip.html").await?;
    viewer.join(&session.customer_url).await?;
    viewer.fit().await?;
    let seconds = Duration::from_secs(arguments.seconds);

    println!("clicks …");
    let click = flips(&viewer, arguments.flips, "pointerdown").await?;
    println!("keys …");
    let key = flips(&viewer, arguments.flips, "keydown").await?;
    println!("still page …");
    settle(Duration::from_secs(3)).await;
    let still = load(&system, &viewer, seconds, || async { Ok(()) }).await?;
    println!("full motion …");
    system.navigate(&session.id, "motion.html").await?;
    settle(Duration::from_secs(3)).await;
    let motion = load(&system, &viewer, seconds, || async { Ok(()) }).await?;
    println!("scrolling …");
    system.navigate(&session.id, "article.html").await?;
    settle(Duration::from_secs(3)).await;
    let scroll = load(&system, &viewer, seconds, || viewer.wheel(30)).await?;
    viewer.screenshot(&arguments.json.with_extension("png")).await?;

    let held = account(system.pid()).memory;
    println!("tabs and strokes …");
    let agent = Viewer::start(&arguments.chromium).await?;
    agent.join_as_agent(&session.agent_url).await?;
    let together = together::measure(&system, &viewer, &session.id, &agent, arguments.flips).await?;
    drop(agent);
    system.end(&session.id).await?;
    println!("first pictures …");
    let first_picture = beginnings::measure(&system, &viewer, arguments.beginnings).await?;
    let of = |part| held.get(&part).copied().unwrap_or(0) as f64 / 1e6;
    let received = viewer.evaluate("tandemProbe.received()").await?;
    let figures = Figures {
        click,
        key,
        motion,
        scroll,
        still,
        memory_megabytes: of(Part::Worker) + of(Part::Chromium),
        jitter_buffer_milliseconds: received["jitterBufferMs"].as_f64().unwrap_or(f64::NAN),
        stages_milliseconds: stages(&system.metrics().await?),
        first_picture,
        together,
    };
    print(&figures);
    std::fs::write(&arguments.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", arguments.json.display()))
}

pub async fn settle(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Flips at irregular moments, so that no two clocks beat together.
pub async fn flips(viewer: &Viewer, wanted: u32, event: &str) -> Result<Latency> {
    let mut milliseconds = Vec::new();
    for i in 0..wanted {
        settle(Duration::from_millis(700 + u64::from(i * 7919 % 61) * 5)).await;
        milliseconds.extend(viewer.flip(event).await?);
    }
    Ok(Latency::of(milliseconds, wanted))
}

impl Latency {
    pub fn of(mut milliseconds: Vec<f64>, wanted: u32) -> Latency {
        milliseconds.sort_by(f64::total_cmp);
        let at = |share: f64| {
            milliseconds.get(((milliseconds.len() as f64 - 1.0) * share).round() as usize).copied().unwrap_or(f64::NAN)
        };
        let (flips, lost) = (milliseconds.len(), wanted as usize - milliseconds.len());
        Latency { flips, lost, p50: at(0.5), p95: at(0.95) }
    }
}

/// Watches for a while; `act` is done over and over meanwhile, at most 60 times a second.
pub async fn load<F: Future<Output = Result<()>>>(
    system: &System,
    viewer: &Viewer,
    time: Duration,
    act: impl Fn() -> F,
) -> Result<Load> {
    let frames_before = viewer.evaluate("tandemProbe.frames()").await?.as_f64().unwrap_or(0.0);
    let received_before = viewer.evaluate("tandemProbe.received()").await?;
    let (before, started) = (account(system.pid()), Instant::now());
    while started.elapsed() < time {
        act().await?;
        settle(Duration::from_millis(16)).await;
    }
    let after = account(system.pid());
    let seconds = started.elapsed().as_secs_f64();
    let frames = viewer.evaluate("tandemProbe.frames()").await?.as_f64().unwrap_or(0.0) - frames_before;
    let received = viewer.evaluate("tandemProbe.received()").await?;
    let more = |name: &str| received[name].as_f64().unwrap_or(0.0) - received_before[name].as_f64().unwrap_or(0.0);
    let percent = |after: &Account, part| after.share_since(&before, part) * 100.0;
    Ok(Load {
        frames_per_second: frames / seconds,
        megabits_per_second: more("bytes") * 8.0 / seconds / 1e6,
        packets_per_second: more("packets") / seconds,
        main_percent: percent(&after, Part::Main),
        worker_percent: percent(&after, Part::Worker),
        chromium_percent: percent(&after, Part::Chromium),
    })
}

/// The mean of each of our duration histograms (Prometheus text format).
fn stages(metrics: &str) -> Vec<(String, f64)> {
    let value = |line: &str| {
        line.rsplit_once(' ').and_then(|(name, value)| Some((name.to_owned(), value.parse::<f64>().ok()?)))
    };
    let mut means = Vec::new();
    for line in metrics.lines().filter(|line| line.starts_with("tandem_")) {
        let Some((name, sum)) = value(line) else { continue };
        let Some(at) = name.find("_seconds_sum") else { continue };
        let count_name = name.replacen("_seconds_sum", "_seconds_count", 1);
        let count =
            metrics.lines().filter_map(value).find(|(name, _)| *name == count_name).map_or(0.0, |(_, count)| count);
        if count > 0.0 {
            means.push((format!("{}{}", &name[..at], &name[at + "_seconds_sum".len()..]), sum / count * 1000.0));
        }
    }
    means
}

fn print(figures: &Figures) {
    println!("\n{:<10} {:>6} {:>6} {:>8} {:>8}", "", "flips", "lost", "p50 ms", "p95 ms");
    let first = &figures.first_picture;
    let of = [("click", &figures.click), ("key", &figures.key), ("warm", &first.warm), ("cold", &first.cold)];
    for (name, l) in of.into_iter().chain(figures.together.rows()) {
        println!("{name:<10} {:>6} {:>6} {:>8.1} {:>8.1}", l.flips, l.lost, l.p50, l.p95);
    }
    println!(
        "\n{:<10} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "fps", "Mbit/s", "pkt/s", "main %", "worker %", "chrom. %"
    );
    for (name, l) in [("motion", &figures.motion), ("scroll", &figures.scroll), ("still", &figures.still)] {
        println!(
            "{name:<10} {:>6.1} {:>8.2} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
            l.frames_per_second,
            l.megabits_per_second,
            l.packets_per_second,
            l.main_percent,
            l.worker_percent,
            l.chromium_percent
        );
    }
    println!("\nmemory (worker and Chromium, PSS) {:.0} MB", figures.memory_megabytes);
    println!("viewer's jitter buffer {:.1} ms", figures.jitter_buffer_milliseconds);
    println!("\nmean of each stage, ms");
    for (name, milliseconds) in &figures.stages_milliseconds {
        println!("  {name:<70} {milliseconds:>8.2}");
    }
}
