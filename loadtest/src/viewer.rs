//! A person's browser: headless Chromium that opens Tandem's own pages, and what is measured within them.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tandem_cdp::{Handle, Session};

/// Runs in the page before its own scripts: keeps the connection for its statistics, and watches one pixel.
const PROBE: &str = include_str!("probe.js");

pub struct Viewer {
    child: Child,
    profile: PathBuf,
    page: Handle,
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

impl Viewer {
    pub async fn start(program: &Path) -> Result<Viewer> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("tandem-viewer-{}-{number}", std::process::id()));
        let (ours, theirs) = UnixStream::pair()?;
        let theirs = OwnedFd::from(theirs);
        let fd = theirs.as_raw_fd();
        let mut command = Command::new(program);
        command
            .args(["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking"])
            .args([
                "--disable-component-update",
                "--disable-sync",
                "--mute-audio",
                "--window-size=1280,900",
                "--disable-gpu",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: reads the process's own user id.
        if unsafe { libc::geteuid() } == 0 {
            command.arg("--no-sandbox");
        }
        // SAFETY: between fork and exec only `dup2` and `fcntl` run, on a descriptor of ours.
        unsafe {
            command.pre_exec(move || {
                let spare = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 10);
                if spare < 0 || libc::dup2(spare, 3) < 0 || libc::dup2(spare, 4) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let child = command.spawn().with_context(|| format!("{} does not start", program.display()))?;
        drop(theirs);
        ours.set_nonblocking(true)?;
        let (read, write) = tokio::net::UnixStream::from_std(ours)?.into_split();
        let mut browser = tandem_cdp::connect(read, write, |_| false);
        let page = attach(&mut browser).await?;
        page.call::<Value>("Page.enable", json!({})).await?;
        page.call::<Value>("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PROBE })).await?;
        Ok(Viewer { child, profile, page })
    }

    /// Opens the customer's link, accepts, and waits for the first picture.
    pub async fn join(&self, url: &str) -> Result<()> {
        self.page.call::<Value>("Page.navigate", json!({ "url": url })).await?;
        self.until("document.querySelector('[data-tandem=accept]') !== null").await.context("no button to accept")?;
        self.evaluate("document.querySelector('[data-tandem=accept]').click()").await?;
        self.sees_picture().await
    }

    /// Opens the customer's link, accepts, and gives the milliseconds from that press to the first frame that is presented.
    pub async fn begin(&self, url: &str) -> Result<f64> {
        // Links differ in their fragment alone, which by itself loads nothing.
        self.page.call::<Value>("Page.navigate", json!({ "url": "about:blank" })).await?;
        self.page.call::<Value>("Page.navigate", json!({ "url": url })).await?;
        self.until("document.querySelector('[data-tandem=accept]:enabled') !== null")
            .await
            .context("nothing to accept")?;
        let first = "new Promise((done) => {
            const at = performance.now();
            document.querySelector('[data-tandem=accept]').click();
            (function look() {
                const video = document.querySelector('[data-tandem=screen]');
                if (video === null) setTimeout(look, 1);
                else video.requestVideoFrameCallback(() => done(performance.now() - at));
            })();
        })";
        self.evaluate(first).await?.as_f64().context("no first picture")
    }

    /// Opens the agent's link and waits for the first picture.
    pub async fn join_as_agent(&self, url: &str) -> Result<()> {
        self.page.call::<Value>("Page.navigate", json!({ "url": url })).await?;
        self.sees_picture().await
    }

    async fn sees_picture(&self) -> Result<()> {
        self.until("document.documentElement.dataset.session === 'live'").await.context("the session is not live")?;
        self.until("(document.querySelector('[data-tandem=screen]')?.videoWidth ?? 0) > 0").await.context("no picture")
    }

    /// Gives the window the size at which the shared page is 1280×720, as the bar around it needs some of it.
    pub async fn fit(&self) -> Result<()> {
        let size = self.evaluate("tandemProbe.spare()").await?;
        let side = |i: usize, wanted: f64| wanted + size[i].as_f64().unwrap_or(0.0);
        let metrics = json!({ "width": side(0, 1280.0) as i64, "height": side(1, 720.0) as i64, "deviceScaleFactor": 1, "mobile": false });
        self.page.call::<Value>("Emulation.setDeviceMetricsOverride", metrics).await?;
        let fits =
            "(v => v.videoWidth === 1280 && v.videoHeight === 720)(document.querySelector('[data-tandem=screen]'))";
        self.until(fits).await.context("the picture is not 1280×720")
    }

    /// Runs an expression in the page and gives its value.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let call = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer: Value = self.page.call("Runtime.evaluate", call).await?;
        if answer.get("exceptionDetails").is_some() {
            bail!("the page threw at: {expression}");
        }
        Ok(answer["result"]["value"].take())
    }

    /// Runs an expression whose value is a number, or nothing.
    pub async fn number(&self, expression: &str) -> Result<Option<f64>> {
        Ok(self.evaluate(expression).await?.as_f64())
    }

    /// Watches for an event of the page, makes it, and gives the milliseconds until the picture changed; none when it
    /// did not.
    pub async fn flip(&self, event: &str) -> Result<Option<f64>> {
        // Input and scripts take different ways into the page, so the watch is set and known to be set first.
        self.evaluate(&format!("tandemProbe.watch('{event}')")).await?;
        if event == "keydown" {
            self.key().await?;
        } else {
            self.click().await?;
        }
        self.number("tandemProbe.flipped()").await
    }

    /// Waits until an expression holds; it is asked at each of the page's frames.
    pub async fn until(&self, condition: &str) -> Result<()> {
        let wait = format!(
            "new Promise((yes, no) => {{ let end = performance.now() + 9000; (function ask() {{ if ({condition}) yes(true); else if (performance.now() > end) yes(false); else setTimeout(ask, 20); }})(); }})"
        );
        for _ in 0..3 {
            // A navigation throws the waiting script away; then it is asked again.
            match self.evaluate(&wait).await {
                Ok(Value::Bool(true)) => return Ok(()),
                Ok(_) => continue,
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        bail!("waited in vain for: {condition}")
    }

    /// A press and release in the middle of the picture, as trusted events of the viewer's page.
    pub async fn click(&self) -> Result<()> {
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": 640, "y": 420, "button": "left", "clickCount": 1 });
            self.page.call::<Value>("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    /// One event of the pointer (`Input.dispatchMouseEvent`), with the left button held or not.
    pub async fn pointer(&self, kind: &str, x: i32, y: i32, held: bool) -> Result<()> {
        let button = if held { "left" } else { "none" };
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": i32::from(held), "clickCount": i32::from(held) });
        self.page.call::<Value>("Input.dispatchMouseEvent", event).await.map(drop).map_err(Into::into)
    }

    pub async fn key(&self) -> Result<()> {
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "code": "KeyA", "key": "a", "text": "a", "windowsVirtualKeyCode": 65 });
            self.page.call::<Value>("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    pub async fn wheel(&self, delta: i32) -> Result<()> {
        let event = json!({ "type": "mouseWheel", "x": 640, "y": 420, "deltaX": 0, "deltaY": delta });
        self.page.call::<Value>("Input.dispatchMouseEvent", event).await.map(drop).map_err(Into::into)
    }

    /// A picture of the page as the person sees it.
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        let shot: Value = self.page.call("Page.captureScreenshot", json!({ "format": "png" })).await?;
        let data = shot["data"].as_str().context("no picture")?;
        Ok(std::fs::write(path, decode_base64(data))?)
    }
}

async fn attach(browser: &mut Session) -> Result<Handle> {
    let targets: Value = browser.handle.call("Target.getTargets", json!({})).await?;
    let pages = targets["targetInfos"].as_array().context("no targets")?;
    let page = pages.iter().find(|t| t["type"] == "page").context("no page")?;
    let attach = json!({ "targetId": page["targetId"], "flatten": true });
    browser.handle.call::<Value>("Target.attachToTarget", attach).await?;
    let attached = browser.events.recv().await.and_then(|event| event.attached).context("not attached")?;
    Ok(attached.handle)
}

/// RFC 4648 §4, of what Chromium has made.
fn decode_base64(text: &str) -> Vec<u8> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let group = |four: &[u32]| {
        let bits = four.iter().enumerate().fold(0, |bits, (i, d)| bits | d << (18 - 6 * i));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
