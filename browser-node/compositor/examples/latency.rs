//! How long Chromium takes from an input to the commit that shows it:
//! `cargo run -p tandem-compositor --example latency -- still|busy HERTZ CLICKS [CHROMIUM FLAGS…]`.

#[path = "../tests/browser/mod.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod browser;

use browser::Browser;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tandem_compositor::{Config, Event, Scene, Sink, Size};

/// A square that changes its colour with each press.
const PAGE: &str = "<body style='margin:0;background:white'><div id=d style='position:fixed;left:0;top:0;width:200px;height:200px;background:rgb(0,0,0)'></div>\
<script>let on=0;addEventListener('mousedown',()=>{on=!on;d.style.background=on?'rgb(255,255,255)':'rgb(0,0,0)'})</script>";
/// A page that does so as a whole.
const STILL: &str = "<body style='margin:0;background:rgb(0,0,0)'><script>let on=0;addEventListener('mousedown',()=>{on=!on;\
document.body.style.background=on?'rgb(255,255,255)':'rgb(0,0,0)'})</script>";
const BUSY: &str = "<p style='font:20px serif;margin:220px 20px'>The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog.</p><script>let t=0;(function f(){t+=3;document.body.style.background=`conic-gradient(from ${t}deg,red,yellow,lime,aqua,blue,magenta,red)`;requestAnimationFrame(f)})()</script>";

/// Tells when the probe's pixel changed, and counts commits.
struct Probe(mpsc::Sender<(Instant, bool)>);

impl Sink for Probe {
    fn commit(&mut self, scene: Scene<'_>) {
        let at = 100 * scene.root.stride + 400;
        let white = scene.root.pixels.get(at).is_some_and(|b| *b > 128);
        let _ = self.0.send((scene.committed, white));
    }

    fn event(&mut self, _: Event) {}
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let busy = arguments.next().is_some_and(|a| a == "busy");
    let refresh = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(60);
    let clicks: u32 = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(60);
    let flags: Vec<String> = arguments.collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let page = if busy { format!("{PAGE}{BUSY}") } else { STILL.to_owned() };
    let url = format!("data:text/html,{}", page.replace('%', "%25").replace('#', "%23"));
    let (sender, commits) = mpsc::channel();
    let config = Config { window: Size { width: 1280, height: 720 }, scale: 1.0, refresh };
    let browser = Browser::start(config, &url, &flags, Probe(sender)).expect("Chromium starts");
    browser.seat.motion(600.0, 400.0);
    // Until it has come to rest.
    let settled = Instant::now() + Duration::from_secs(4);
    let mut white = false;
    while Instant::now() < settled {
        if let Ok((_, now)) = commits.recv_timeout(Duration::from_millis(100)) {
            white = now;
        }
    }
    let begin = Instant::now();
    let cpu = cpu_of_all(browser.child.id());
    let (mut latencies, mut frames, mut lost) = (Vec::new(), 0u32, 0u32);
    for click in 0..clicks {
        let pressed = Instant::now();
        browser.seat.button(0x110, true);
        let released = pressed + Duration::from_millis(30);
        let mut next = released + Duration::from_millis(170) + Duration::from_micros(u64::from(click) * 7919 % 17_000);
        let (mut down, mut shown) = (true, false);
        while Instant::now() < next {
            let until = if down { released } else { next };
            if let Ok((at, now)) = commits.recv_timeout(until.saturating_duration_since(Instant::now())) {
                frames += 1;
                if now != white {
                    white = now;
                    shown = true;
                    latencies.push((at - pressed).as_secs_f64() * 1e3);
                }
            }
            if down && Instant::now() >= released {
                browser.seat.button(0x110, false);
                down = false;
            }
            next = next.max(released);
        }
        lost += u32::from(!shown);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = (cpu_of_all(browser.child.id()) - cpu) / seconds * 100.0;
    latencies.sort_by(f64::total_cmp);
    let at =
        |q: f64| latencies.get(((latencies.len() as f64 - 1.0) * q).max(0.0) as usize).copied().unwrap_or(f64::NAN);
    let (p50, p95) = (at(0.5), at(0.95));
    println!(
        "busy={busy} refresh={refresh} flags={flags:?}: n={} lost={lost} p50={p50:.1} p95={p95:.1} min={:.1} ms, {:.1} commits/s, Chromium {cpu:.0}% CPU",
        latencies.len(),
        at(0.0),
        f64::from(frames) / seconds
    );
}

/// Seconds of CPU of a process and all below it.
fn cpu_of_all(root: u32) -> f64 {
    let stat = |pid: u32| -> Option<(u32, f64)> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
        Some((fields.get(1)?.parse().ok()?, ticks / 100.0))
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(u32, u32, f64)> = entries
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .filter_map(|pid| stat(pid).map(|(parent, cpu)| (pid, parent, cpu)))
        .collect();
    let mut below = vec![root];
    let mut next = 0;
    while let Some(parent) = below.get(next).copied() {
        below.extend(all.iter().filter(|(_, p, _)| *p == parent).map(|(pid, ..)| *pid));
        next += 1;
    }
    all.iter().filter(|(pid, ..)| below.contains(pid)).map(|(.., cpu)| cpu).sum()
}
