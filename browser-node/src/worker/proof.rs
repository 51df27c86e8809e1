//! A warm browser proves itself before it counts as ready: a page with a secret must reach the agent's view without it, a
//! click must reach the page as a trusted event, and a page that takes the proof away must freeze the agent's view. Masking
//! rests on what an extension and a version of Chromium do; a browser in which they do not is refused, and the node says so.

use super::browser::Browser;
use super::eyes::{Sample, Seen};
use std::time::Duration;
use tandem_cdp::CdpError;
use tandem_compositor::{Handle, Modifiers};
use tandem_protocol::Viewport;
use tandem_protocol::policy::Policy;

/// How long each step of the proof may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the page is opened until it has a guard.
const TRIES: u32 = 10;
const PAGE: [[u8; 3]; 3] = [[12, 200, 100], [220, 220, 40], [40, 60, 220]];
const SECRET: [[u8; 3]; 3] = [[220, 40, 160], [160, 40, 220], [220, 0, 90]];

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the browser opened no page")]
    NoPage,
    #[error("the browser refused the proof page")]
    Refused(#[from] CdpError),
    #[error("the guard does not run in the proof page")]
    Unguarded,
    #[error("the browser did not show the proof page")]
    NotShown,
    #[error("no masked frame of the proof page was proved")]
    NotMasked,
    #[error("a click did not reach the proof page as a trusted event")]
    NotClicked,
    #[error("a frame without a proof reached the agent's view")]
    Leaked,
}

/// Shows a page with a secret, clicks it, breaks it, and looks at the pixels of both views.
pub async fn prove(
    browser: &mut Browser,
    seen: &mut Seen,
    compositor: &Handle,
    viewport: Viewport,
) -> Result<(), ProofError> {
    until(browser, |browser| browser.active().is_some()).await.ok_or(ProofError::NoPage)?;
    open_guarded(browser).await.ok_or(ProofError::Unguarded)?;
    tokio::time::timeout(PATIENCE, browser.learn(&Policy::default())).await.map_err(|_| ProofError::Unguarded)??;

    run(browser, &page_script()).await?;
    sees(seen, browser, |sample| is_near(sample.customer, SECRET[0])).await.ok_or(ProofError::NotShown)?;
    sees(seen, browser, |sample| is_near(sample.agent, PAGE[0])).await.ok_or(ProofError::NotMasked)?;

    // As the customer: from anybody else the guard would take the click away.
    compositor.modifiers(Modifiers { num_lock: true, ..Modifiers::default() });
    compositor.motion(f64::from(viewport.width / 2), f64::from(viewport.height / 2));
    compositor.button(0x110, true);
    compositor.button(0x110, false);
    sees(seen, browser, |sample| is_near(sample.customer, SECRET[1])).await.ok_or(ProofError::NotClicked)?;
    sees(seen, browser, |sample| is_near(sample.agent, PAGE[1])).await.ok_or(ProofError::NotMasked)?;

    run(browser, BREAK).await?;
    sees(seen, browser, |sample| is_near(sample.customer, SECRET[2])).await.ok_or(ProofError::NotShown)?;
    let agent = seen.sample.borrow().agent;
    // The guard may have put the marker back in time for a frame, which then is masked and proved.
    if !is_near(agent, PAGE[1]) && !is_near(agent, PAGE[2]) {
        return Err(ProofError::Leaked);
    }
    // A fresh page for the session to begin in.
    open_guarded(browser).await.ok_or(ProofError::Unguarded)?;
    browser.forget_history();
    Ok(())
}

/// A secret field over the middle of a page; both change their colours when they are clicked.
fn page_script() -> String {
    let colour = |[r, g, b]: [u8; 3]| format!("rgb({r},{g},{b})");
    format!(
        "document.documentElement.innerHTML = '<body><input type=password style=\"position:fixed;inset:25%;width:50%;height:50%;border:0\">'; \
         var paint = (page, secret) => {{ document.documentElement.style.background = page; \
           document.querySelector('input[type=password]').style.backgroundColor = secret }}; \
         var last = ['{}', '{}']; \
         paint('{}', '{}'); \
         addEventListener('mousedown', event => {{ if (event.isTrusted) paint('{}', '{}') }})",
        colour(PAGE[2]),
        colour(SECRET[2]),
        colour(PAGE[0]),
        colour(SECRET[0]),
        colour(PAGE[1]),
        colour(SECRET[1]),
    )
}

/// Takes the marker out of every frame from now on, and after some of them changes the colours.
const BREAK: &str = "let frames = 0; (function step() { \
    for (const element of document.documentElement.children) if (element.localName !== 'body') element.remove(); \
    if (++frames === 10) paint(...last); \
    requestAnimationFrame(step) })()";

async fn run(browser: &Browser, script: &str) -> Result<(), ProofError> {
    let page = browser.active_page().ok_or(ProofError::NoPage)?;
    let params = serde_json::json!({ "expression": script });
    Ok(page.handle.call::<serde::de::IgnoredAny>("Runtime.evaluate", params).await.map(drop)?)
}

/// Opens the page until there is a guard in it: Chromium shows its first page before its extensions are all there.
async fn open_guarded(browser: &mut Browser) -> Option<()> {
    for _ in 0..TRIES {
        browser.open_nowhere();
        if tokio::time::timeout(PATIENCE / TRIES, until(browser, Browser::is_guarded)).await.is_ok() {
            return Some(());
        }
    }
    None
}

async fn until(browser: &mut Browser, is: impl Fn(&Browser) -> bool) -> Option<()> {
    let wait = async {
        while !is(browser) {
            browser.next().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.ok()
}

/// Waits until the views show what they should; masked frames are asked for as in a session.
async fn sees(seen: &mut Seen, browser: &mut Browser, is: impl Fn(&Sample) -> bool) -> Option<()> {
    let wait = async {
        while !is(&seen.sample.borrow_and_update()) {
            tokio::select! {
                changed = seen.sample.changed() => changed.ok()?,
                changed = seen.unproved.changed() => {
                    changed.ok()?;
                    browser.ask_masked(false);
                }
                _ = browser.next() => {}
            }
        }
        Some(())
    };
    tokio::time::timeout(PATIENCE, wait).await.ok()?
}

fn is_near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2)
}
