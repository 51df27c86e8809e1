//! How soon a customer sees what an agent does that is no input to the page: another tab, strokes, the cursor.

use crate::bench::{Latency, settle};
use crate::system::System;
use crate::viewer::Viewer;
use anyhow::{Context, Result};
use serde::Serialize;
use std::time::Duration;

/// The tab of the strip that is not in front.
const OTHER_TAB: &str = "document.querySelector('.strip .tab:not(.active) button')";
/// How far a stroke goes in one go (CSS pixels of the agent's window).
const STEP: i32 = 8;

#[derive(Debug, Serialize)]
pub struct Together {
    /// From the press on a tab to the picture of its page, for who presses.
    tab: Latency,
    /// From the pointer's event in the agent's page to the frame in which the agent's own page draws it.
    own_stroke: Latency,
    /// To the frame in which the customer's page draws it: where a stroke begins, and as it goes on.
    stroke: Latency,
    stroke_goes_on: Latency,
    /// To the frame in which the customer's page draws the agent's cursor there.
    cursor: Latency,
}

/// `count` of each, in a session that both are in.
pub async fn measure(
    system: &System,
    customer: &Viewer,
    session: &str,
    agent: &Viewer,
    count: u32,
) -> Result<Together> {
    system.navigate(session, "flip.html").await?;
    settle(Duration::from_secs(3)).await;
    let [own_stroke, stroke, stroke_goes_on, cursor] = strokes(customer, agent, count).await?;
    let tab = tabs(system, customer, session, count).await?;
    Ok(Together { tab, own_stroke, stroke, stroke_goes_on, cursor })
}

impl Together {
    /// Each figure with its name.
    pub fn rows(&self) -> [(&'static str, &Latency); 5] {
        [
            ("tab", &self.tab),
            ("own stroke", &self.own_stroke),
            ("stroke", &self.stroke),
            ("goes on", &self.stroke_goes_on),
            ("cursor", &self.cursor),
        ]
    }
}

/// An agent's strokes and cursor. The two browsers are on one machine, whose clock both read.
async fn strokes(customer: &Viewer, agent: &Viewer, count: u32) -> Result<[Latency; 4]> {
    let [mut own, mut begun, mut gone_on, mut cursor] = <[Vec<f64>; 4]>::default();
    agent.evaluate("document.querySelector('[data-tool=pen]').click()").await?;
    for i in 0..count as i32 {
        let (x, y) = (200 + i * 97 % 800, 200 + i * 61 % 300);
        // Not in step with anybody's frames.
        settle(Duration::from_millis(120 + (i as u64 * 7919 % 61) * 3)).await;
        customer.evaluate("tandemProbe.look('.cursor')").await?;
        agent.evaluate("tandemProbe.hear('pointermove')").await?;
        agent.pointer("mouseMoved", x, y, false).await?;
        let at = agent.number("tandemProbe.heard()").await?.context("no event")?;
        cursor.extend(customer.number("tandemProbe.changed()").await?.map(|seen| seen - at));
        let parts = [("pointerdown", "mousePressed", 0, &mut begun), ("pointermove", "mouseMoved", STEP, &mut gone_on)];
        for (event, kind, by, times) in parts {
            customer.evaluate("tandemProbe.look('[data-tandem=drawings]')").await?;
            agent.evaluate(&format!("tandemProbe.look('[data-tandem=drawings]'), tandemProbe.hear('{event}')")).await?;
            agent.pointer(kind, x + by, y + by, true).await?;
            let at = agent.number("tandemProbe.heard()").await?.context("no event")?;
            own.extend(agent.number("tandemProbe.changed()").await?.map(|drawn| drawn - at));
            times.extend(customer.number("tandemProbe.changed()").await?.map(|seen| seen - at));
        }
        agent.pointer("mouseReleased", x + STEP, y + STEP, true).await?;
    }
    let of = |times, wanted| Latency::of(times, wanted);
    Ok([of(own, 2 * count), of(begun, count), of(gone_on, count), of(cursor, count)])
}

/// Two tabs of other colours, in turn.
async fn tabs(system: &System, customer: &Viewer, session: &str, count: u32) -> Result<Latency> {
    customer.evaluate("document.querySelector('[data-tandem=new-tab]').click()").await?;
    customer.until(&format!("{OTHER_TAB} !== null")).await?;
    system.navigate(session, "flip.html").await?;
    settle(Duration::from_secs(3)).await;
    customer.click().await?;
    let mut milliseconds = Vec::new();
    for i in 0..count {
        settle(Duration::from_millis(700 + u64::from(i * 7919 % 61) * 5)).await;
        customer.evaluate("tandemProbe.watch('click')").await?;
        customer.evaluate(&format!("{OTHER_TAB}.click()")).await?;
        milliseconds.extend(customer.number("tandemProbe.flipped()").await?);
    }
    Ok(Latency::of(milliseconds, count))
}
