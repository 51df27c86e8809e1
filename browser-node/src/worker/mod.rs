//! The worker: one session's compositor, encoder, gate, publisher and Chromium, in one process.

mod address;
pub mod audience;
mod bitrate;
mod browser;
mod channels;
mod chat;
mod chromium;
mod denials;
mod dialogs;
mod drawings;
pub mod encoder;
mod eyes;
mod files;
mod native;
mod notices;
mod own;
mod pdf;
mod photon;
mod picture;
mod proof;
mod publisher;
mod requests;
mod seat;
mod session;
mod sharing;
mod sound;
mod tabs;
mod transfer;
mod view;

use crate::handshake::{self, Order, Prepare, Report, Reporter};
use crate::metrics::Counter;
use anyhow::{Context, Result, bail};
use audience::{Agent, Customer, For, Only};
use browser::{Browser, Store};
use chromium::{Chromium, Settings};
use encoder::Encoded;
use seat::Seat;
use session::{Live, Parts};
use sound::PageSound;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tandem_compositor::{Compositor, Config, Size};
use tandem_masking::{Extension, Judge};
use tandem_protocol::Viewport;
use tandem_protocol::signal::EndReason;
use tokio::sync::mpsc;
use view::{Slot, Slots};

/// How often measurements go to the node.
const TALLY_EVERY: Duration = Duration::from_secs(2);

/// How long a warm browser may take to hear what the company hides; the node waits somewhat longer for the whole of a claim.
const LEARN: Duration = Duration::from_secs(5);

/// Serves one session over the socket to the node, and ends. Everything of it is on this thread but the compositor and
/// the encoder.
pub fn run(node: UnixStream) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        node.set_nonblocking(true)?;
        let (mut orders, reports) = handshake::open(tokio::net::UnixStream::from_std(node)?);
        let reporter = Reporter::new(reports);
        let outcome = serve(&mut orders, &reporter).await;
        let last = match &outcome {
            Ok(reason) => Report::Ended { reason: *reason },
            Err(error) => Report::Failed { message: format!("{error:#}") },
        };
        reporter.flush();
        reporter.send(last);
        // The node closes the socket when it has read the last report.
        while orders.recv().await.is_some() {}
        outcome.map(drop)
    })
}

async fn serve(orders: &mut handshake::Orders, reporter: &Reporter) -> Result<EndReason> {
    let Some(Order::Prepare(prepare)) = orders.recv().await else { bail!("the node did not say what to prepare") };
    if prepare.version != handshake::VERSION {
        bail!("the node speaks version {} and this worker {}", prepare.version, handshake::VERSION);
    }
    let started = Instant::now();
    let mut warm = Warm::start(&prepare, reporter.clone()).await?;
    reporter.send(Report::Ready { milliseconds: started.elapsed().as_millis() as u64 });
    let claim = loop {
        tokio::select! {
            // A browser that is known to be lost takes no session.
            biased;
            change = warm.browser.next() => match change {
                browser::FromBrowser::Gone => bail!("the warm browser ended"),
                browser::FromBrowser::Crashed(_) => bail!("the warm browser's page crashed"),
                _ => {}
            },
            order = orders.recv() => match order {
                Some(Order::Claim { claim }) => break *claim,
                Some(Order::Release) | None => return Ok(EndReason::Api),
                Some(_) => bail!("an order for a session that was not claimed"),
            },
        }
    };
    let tally = reporter.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(TALLY_EVERY);
        loop {
            every.tick().await;
            tally.flush();
        }
    });
    let Warm { mut browser, seen, slots, mut encoded, sound, compositor, chromium, egress, rules } = warm;
    // Nothing of the session is opened before every guard knows what to hide.
    let learnt = tokio::time::timeout(LEARN, browser.learn(&claim.policy)).await;
    learnt
        .map_err(anyhow::Error::from)
        .and_then(|learnt| Ok(learnt?))
        .context("the browser does not take the policy")?;
    let seat = Seat::new(compositor.handle());
    let parts = Parts {
        seat,
        browser,
        seen,
        slots: slots.clone(),
        sound,
        rules,
        address: prepare.media_address,
        reports: reporter.clone(),
    };
    let live = Live::new(parts, claim);
    reporter.send(Report::Claimed);
    let reason = live.run(orders, &mut encoded).await;
    slots.close();
    drop((chromium, compositor, egress));
    Ok(reason)
}

/// A browser that is up, has proved itself and belongs to nobody yet.
struct Warm {
    browser: Browser,
    seen: eyes::Seen,
    slots: Slots,
    encoded: Encoders,
    sound: PageSound,
    compositor: Compositor,
    chromium: Chromium,
    egress: tandem_egress::Egress,
    rules: tokio::sync::watch::Sender<tandem_egress::Rules>,
}

impl Warm {
    async fn start(prepare: &Prepare, reporter: Reporter) -> Result<Warm> {
        let viewport = Viewport::DEFAULT;
        let (rules, watched) = tokio::sync::watch::channel(egress_rules(&prepare.allow_private)?);
        let egress = tandem_egress::Egress::start(watched, count_egress(reporter))
            .await
            .context("the way out does not start")?;
        let extension = Extension::new(rand::random());
        let path = prepare.directory.join("extension");
        extension.write(&path).context("the extension cannot be written")?;
        // One clock for both pictures, since the customer's track may go from one encoder to the other, and for the sound.
        let epoch = Instant::now();
        let sound = PageSound::start(&prepare.directory, epoch);
        let settings = Settings {
            program: prepare.chromium.as_deref(),
            directory: &prepare.directory,
            extension: &path,
            proxy_port: egress.port(),
            sound: sound.socket(),
        };
        let (chromium, sockets) = Chromium::start(&settings)?;
        let slots = Slots::new(bitrate::ample(viewport.picture()));
        let encoded = Encoders {
            customer: encode(slots.customer.clone(), prepare, epoch)?,
            agent: encode(slots.agent.clone(), prepare, epoch)?,
        };
        let (eyes, mut seen) = eyes::open(Judge::new(extension.key()), &slots, viewport);
        let (width, height) = browser::window_of(viewport);
        let config = Config { window: Size { width, height }, scale: f64::from(viewport.scale), refresh: 60 };
        let compositor = tandem_compositor::start(config, sockets.wayland, eyes)?;
        let (read, write) = sockets.pipe.into_split();
        let session = tandem_cdp::connect(read, write, browser::is_wanted);
        let files = Store::new(prepare.directory.join("files"), prepare.signaling.clone())?;
        let mut browser = Browser::attach(session, viewport, &extension, egress.refusals(), files)
            .await
            .context("the browser does not answer")?;
        chromium.limit_files(files::LARGEST).context("the browser's files cannot be limited")?;
        proof::prove(&mut browser, &mut seen, &compositor.handle(), viewport).await?;
        Ok(Warm { browser, seen, slots, encoded, sound, compositor, chromium, egress, rules })
    }
}

/// Where each audience's pictures come out.
pub struct Encoders {
    pub customer: mpsc::Receiver<Only<Customer, Encoded>>,
    pub agent: mpsc::Receiver<Only<Agent, Encoded>>,
}

fn encode<A: For>(slot: Arc<Slot<A>>, prepare: &Prepare, epoch: Instant) -> Result<mpsc::Receiver<Only<A, Encoded>>> {
    slot.set_paused(true);
    let (sender, encoded) = mpsc::channel(4);
    // A full queue holds the encoder up, and it goes on with the latest picture.
    let deliver = move |picture| drop(sender.blocking_send(picture));
    encoder::start(slot, prepare.openh264.as_deref(), epoch, deliver)?;
    Ok(encoded)
}

fn egress_rules(allow_private: &[String]) -> Result<tandem_egress::Rules> {
    let allow_private = allow_private
        .iter()
        .map(|text| text.parse().map_err(|_| anyhow::anyhow!("TANDEM_ALLOW_PRIVATE: {text:?} is not host:port")))
        .collect::<Result<_>>()?;
    Ok(tandem_egress::Rules { allow_private, sites: Default::default() })
}

fn count_egress(reporter: Reporter) -> impl Fn(Result<(), tandem_egress::Refused>) + Send + Sync + 'static {
    move |decision| reporter.count(if decision.is_ok() { Counter::EgressAllowed } else { Counter::EgressRefused })
}
