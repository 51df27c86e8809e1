//! Each safeguard of masking taken away in turn, in a real Chromium: the others stop the agent's view, or a secret gets into
//! it. So the leak lab's zeros say something.

#[path = "../compositor/tests/browser/mod.rs"]
#[expect(dead_code, reason = "shared with the compositor's tests, which use all of it")]
mod browser;

use browser::Browser;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tandem_compositor::{Config, Event, Scene, Sink, Size};
use tandem_masking::{Extension, Judge, STRIP, Shows};

/// Chromium shows its first page before its extensions are all there.
const AGAIN: &str =
    "<script>setTimeout(()=>{if(!document.querySelector('html>[popover]'))location.reload()},200)</script>";
/// How long a page is looked at.
const PATIENCE: Duration = Duration::from_secs(3);
const MOVING: &str = "<!doctype html><body><input type=password value=x style='background:#f0f;border:0;width:300px;height:60px'>\
    <script>const field=document.querySelector('input');let t=0;(function step(){field.style.transform=`translate(${t++%200}px,40px)`;requestAnimationFrame(step)})()</script>";
const OVERWRITTEN: &str = "<!doctype html><body><div id=host></div><script>const root=host.attachShadow({mode:'open'});\
    root.innerHTML='<input type=password style=\"background:#f0f;border:0;width:300px;height:60px\"><p>0</p>';const own=new CSSStyleSheet();\
    own.replaceSync('input{opacity:1!important}');let t=0;(function step(){root.querySelector('p').textContent=t++;root.adoptedStyleSheets=[own];\
    requestAnimationFrame(step)})()</script>";

/// What is taken away, as edits of the extension's files.
type Off = &'static [(&'static str, &'static str)];
const STYLE: Off = &[("opacity: 0 !important", "outline-width: 0"), ("opacity:0!important", "outline-width:0")];
const AUDIT: Off =
    &[("good = guard.audit() && good", "good = true"), ("good &&= this.#marker.isApplied()", "good &&= true")];

/// What came of a page: frames that said they were masked and were believed, and those of them with the secret.
#[derive(Debug, Default)]
struct Seen {
    believed: u32,
    leaked: u32,
    clear: u32,
}

struct Probe {
    judge: Judge,
    frames: mpsc::Sender<(Shows, bool)>,
}

impl Sink for Probe {
    fn commit(&mut self, scene: Scene<'_>) {
        let shows = self.judge.judge(scene.root.pixels, scene.root.stride);
        let page = scene.root.pixels.get(STRIP as usize * scene.root.stride..).unwrap_or_default();
        let is_secret = |pixel: &&[u8]| i32::from(pixel[0].min(pixel[2])) - i32::from(pixel[1]) > 60;
        let shows_secret = page.chunks_exact(4).filter(is_secret).count() > 50;
        let _ = self.frames.send((shows, shows_secret));
    }

    fn event(&mut self, _: Event) {}
}

/// Shows a page with some safeguards off; `checks` says whether the node checks the proof.
fn look(page: &'static str, off: &[Off], checks: bool) -> Seen {
    let extension = Extension::new(rand::random());
    let directory = Directory::new();
    extension.write(&directory.0).unwrap();
    // The company's policy is known from the start, and masked frames are asked for without an end.
    let policy = "new Rules({masking:{presets:['passwords'],rules:[]},blocking:{presets:[],rules:[]}})";
    edit(
        &directory.0,
        &[("rules = new Rules(null)", &format!("rules = {policy}")), ("const LEASE = 300", "const LEASE = 1e9")],
    );
    for edits in off {
        edit(&directory.0, edits);
    }
    let (frames, seen) = mpsc::channel();
    let flags =
        ["--load-extension=", "--disable-extensions-except="].map(|flag| format!("{flag}{}", directory.0.display()));
    let config = Config { window: Size { width: 800, height: 600 }, scale: 1.0, refresh: 60 };
    let probe = Probe { judge: Judge::new(extension.key()), frames };
    let address = serve(page);
    let _browser = Browser::start(config, &address, &[&flags[0], &flags[1]], probe).expect("Chromium starts");
    let mut all = Seen::default();
    let mut end = None;
    loop {
        let left = end.map_or(Duration::from_secs(10), |end: Instant| end.saturating_duration_since(Instant::now()));
        let Ok((shows, shows_secret)) = seen.recv_timeout(left) else { break };
        let believed = match shows {
            Shows::Masked | Shows::All => true,
            Shows::Broken | Shows::Unproved => !checks,
            Shows::Clear | Shows::Unmarked => false,
        };
        all.believed += u32::from(believed);
        all.leaked += u32::from(believed && shows_secret);
        all.clear += u32::from(!believed && shows_secret);
        // Counted from the first frame with a marker: it takes Chromium a while to come up.
        if shows != Shows::Unmarked {
            end.get_or_insert_with(|| Instant::now() + PATIENCE);
        }
    }
    all
}

/// Replaces text in whichever of the extension's files has it; each edit has to find something.
fn edit(directory: &Path, edits: &[(&str, &str)]) {
    for (from, to) in edits {
        let mut found = false;
        for file in std::fs::read_dir(directory).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            found |= text.contains(from);
            std::fs::write(path, text.replace(from, to)).unwrap();
        }
        assert!(found, "{from:?} is nowhere");
    }
}

/// Readable by the user that Chromium runs as; gone with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        Directory(std::env::temp_dir().join(format!("tandem-safeguards-{:016x}", rand::random::<u64>())))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Answers everything with one page, for as long as the test's process lives.
fn serve(page: &'static str) -> String {
    let page = format!("{page}{AGAIN}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            let _ = stream.write_all((head + &page).as_bytes());
        }
    });
    address
}

#[test]
fn with_all_of_them_masked_frames_come_and_show_nothing() {
    for page in [MOVING, OVERWRITTEN] {
        let seen = look(page, &[], true);
        assert!(seen.believed > 20 && seen.leaked == 0 && seen.clear > 20, "{seen:?}");
    }
}

#[test]
fn without_the_style_no_frame_is_proved() {
    let seen = look(MOVING, &[STYLE], true);
    assert!(seen.believed == 0 && seen.clear > 20, "{seen:?}");
}

#[test]
fn without_the_audit_a_page_gets_its_shadow_roots_secret_through() {
    let seen = look(OVERWRITTEN, &[AUDIT], true);
    assert!(seen.leaked > 0, "{seen:?}");
}

#[test]
fn without_style_and_audit_the_canary_still_covers_the_tag() {
    let seen = look(MOVING, &[STYLE, AUDIT], true);
    assert!(seen.believed == 0 && seen.clear > 20, "{seen:?}");
}

#[test]
fn without_style_audit_and_check_it_leaks() {
    let seen = look(MOVING, &[STYLE, AUDIT], false);
    assert!(seen.leaked > 20, "{seen:?}");
}
