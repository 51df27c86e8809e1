//! A warm browser proves itself before it counts as ready: it must show what it is told to show, and a click must reach
//! the page as a trusted event. A browser that does not is refused, and the node says so.

use super::browser::Browser;
use super::eyes::{Sample, Seen};
use std::time::Duration;
use tandem_cdp::CdpError;
use tandem_compositor::Handle;
use tandem_protocol::Viewport;
use tokio::sync::watch;

/// How long each step of the proof may take.
const PATIENCE: Duration = Duration::from_secs(10);
const BEFORE: [u8; 3] = [12, 200, 100];
const AFTER: [u8; 3] = [220, 40, 160];

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the browser opened no page")]
    NoPage,
    #[error("the browser refused the proof page")]
    Refused(#[from] CdpError),
    #[error("the browser did not show the proof page")]
    NotShown,
    #[error("a click did not reach the proof page as a trusted event")]
    NotClicked,
}

/// Shows a page of ours, clicks it, and looks at the pixels.
pub async fn prove(
    browser: &mut Browser,
    seen: &mut Seen,
    compositor: &Handle,
    viewport: Viewport,
) -> Result<(), ProofError> {
    let patience = tokio::time::timeout(PATIENCE, async {
        while browser.active().is_none() {
            browser.next().await;
        }
    });
    patience.await.map_err(|_| ProofError::NoPage)?;
    let page = browser.active_page().ok_or(ProofError::NoPage)?;
    let colour = |[r, g, b]: [u8; 3]| format!("rgb({r},{g},{b})");
    let script = format!(
        "document.documentElement.style.background = '{}'; \
         addEventListener('mousedown', e => {{ if (e.isTrusted) document.documentElement.style.background = '{}' }})",
        colour(BEFORE),
        colour(AFTER)
    );
    page.handle.call::<serde::de::IgnoredAny>("Runtime.evaluate", serde_json::json!({ "expression": script })).await?;
    shows(&mut seen.sample, BEFORE).await.ok_or(ProofError::NotShown)?;
    compositor.motion(f64::from(viewport.width / 2), f64::from(viewport.height / 2));
    compositor.button(0x110, true);
    compositor.button(0x110, false);
    shows(&mut seen.sample, AFTER).await.ok_or(ProofError::NotClicked)
}

async fn shows(sample: &mut watch::Receiver<Sample>, colour: [u8; 3]) -> Option<()> {
    let close = |seen: &Sample| seen.colour.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 2);
    tokio::time::timeout(PATIENCE, sample.wait_for(close)).await.ok()?.ok()?;
    Some(())
}
