//! How long it takes from the customer's consent to the first picture, with a browser that was up already and with one that was not.

use crate::bench::{Latency, settle};
use crate::system::System;
use crate::viewer::Viewer;
use anyhow::Result;
use serde::Serialize;
use std::time::{Duration, Instant};

#[derive(Debug, Serialize)]
pub struct Beginnings {
    /// From the press on the button to the first frame that is presented.
    pub warm: Latency,
    /// The same, and the time that the session waited for a browser, which was not up when it was asked for.
    pub cold: Latency,
}

pub async fn measure(system: &System, viewer: &Viewer, wanted: u32) -> Result<Beginnings> {
    let (mut warm, mut cold) = (Vec::new(), Vec::new());
    for _ in 0..wanted {
        system.has_warm_browser().await?;
        let first = system.create("flip.html").await?;
        // The only warm browser is taken, and the next is not up yet.
        let asked = Instant::now();
        let second = system.create("flip.html").await?;
        let waited = asked.elapsed().as_secs_f64() * 1000.0;
        warm.push(viewer.begin(&first.customer_url).await?);
        cold.push(waited + viewer.begin(&second.customer_url).await?);
        for session in [first, second] {
            system.end(&session.id).await?;
        }
        settle(Duration::from_millis(500)).await;
    }
    Ok(Beginnings { warm: Latency::of(warm, wanted), cold: Latency::of(cold, wanted) })
}
