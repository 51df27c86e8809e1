//! The system under measurement: the all-in-one, started afresh with data of its own.

use crate::http;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The node's metric of browsers that wait for a session.
const READY: &str = r#"tandem_node_slots{state="ready"}"#;
const KEY: &str = "bench-key-0123456789abcdef0123456789abcdef";

/// A session, and the links that open it.
pub struct Created {
    pub id: String,
    pub customer_url: String,
    pub agent_url: String,
}

/// A running all-in-one; it ends with this value.
pub struct System {
    child: Child,
    /// Host and port of the control plane.
    pub address: String,
    /// Host and port of the demo shop.
    pub demo: String,
    directory: std::path::PathBuf,
}

impl Drop for System {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id() {
            // SAFETY: a signal to our own child.
            unsafe { libc::kill(pid as i32, libc::SIGTERM) };
        }
        // It may have been removed by the system itself.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl System {
    pub async fn start(program: &Path) -> Result<System> {
        let (address, demo) = (free_address()?, free_address()?);
        let directory = std::env::temp_dir().join(format!("tandem-bench-{}", std::process::id()));
        let mut child = Command::new(program)
            .env("TANDEM_LISTEN", &address)
            .env("TANDEM_DEMO_LISTEN", &demo)
            .env("TANDEM_MEDIA_PORT", "0")
            .env("TANDEM_DATA", &directory)
            .env("TANDEM_DEMO_KEY", KEY)
            .stdout(Stdio::piped())
            .kill_on_drop(false)
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("customer:") {
                    return Ok(());
                }
            }
            bail!("the system ended before it was ready")
        };
        tokio::time::timeout(Duration::from_secs(60), ready)
            .await
            .context("the system was not ready in a minute")??;
        // What it prints later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(System { child, address, demo, directory })
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    async fn api(&self, method: &str, path: &str, body: Value) -> Result<Value> {
        let body = Some(&body).filter(|body| !body.is_null());
        let answer = http::request(&self.address, method, path, Some(KEY), body).await?;
        Ok(serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    /// Creates a session at a page of the demo shop.
    pub async fn create(&self, page: &str) -> Result<Created> {
        let viewport = json!({ "width": 1280, "height": 720, "scale": 1 });
        let start_url = format!("http://{}/{page}", self.demo);
        let body = json!({ "company": "demo", "start_url": start_url, "viewport": viewport, "language": "en" });
        let created = self.api("POST", "/api/v1/sessions", body).await?;
        let text = |name: &str| created[name].as_str().map(str::to_owned).context("not what creating a session gives");
        Ok(Created { id: text("id")?, customer_url: text("customer_url")?, agent_url: text("agent_url")? })
    }

    /// Shows another page of the demo shop.
    pub async fn navigate(&self, session: &str, page: &str) -> Result<()> {
        let url = format!("http://{}/{page}", self.demo);
        self.api("POST", &format!("/api/v1/sessions/{session}/navigate"), json!({ "url": url })).await.map(drop)
    }

    pub async fn end(&self, session: &str) -> Result<()> {
        self.api("DELETE", &format!("/api/v1/sessions/{session}"), Value::Null).await.map(drop)
    }

    /// Waits until a browser is up that no session has.
    pub async fn has_warm_browser(&self) -> Result<()> {
        for _ in 0..600 {
            let metrics = self.metrics().await?;
            let ready = metrics.lines().find_map(|line| line.strip_prefix(READY)).map(str::trim);
            if ready.is_some_and(|count| count != "0") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("no browser came up within a minute")
    }

    pub async fn metrics(&self) -> Result<String> {
        http::request(&self.address, "GET", "/metrics", None, None).await
    }
}

fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
