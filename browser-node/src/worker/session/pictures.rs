//! Pictures on their way out: whose encoder, how fast, to whom, and what is done when the agents' picture falls behind.

use super::{Live, PACE};
use crate::metrics::Stage;
use crate::worker::audience::{Agent, Customer, Only};
use crate::worker::bitrate;
use crate::worker::encoder::Encoded;
use crate::worker::eyes::Standing;
use crate::worker::photon::Shown;
use crate::worker::publisher::PublisherError;
use crate::worker::sharing::{Facts, Step};
use std::time::{Duration, Instant};
use tandem_protocol::Audience;
use tandem_protocol::notice::Notice;

/// When encoding takes this much of a frame's time, every second frame is enough.
const SLOW: Duration = Duration::from_millis(16);
const FAST: Duration = Duration::from_millis(10);
/// Changes that come as fast as this are shown masked by the page itself for a while.
const OFTEN: Duration = Duration::from_millis(90);

impl Live {
    pub(super) async fn customer_picture(&mut self, picture: Only<Customer, Encoded>) {
        self.encoded(picture.get());
        if self.sharing.takes_own(picture.get().keyframe) {
            self.show_customer(picture).await;
        }
    }

    pub(super) async fn show_customer(&mut self, picture: Only<Customer, Encoded>) {
        self.announce(picture.get(), Audience::Customer);
        let is_wanted = self.is_wanted(Audience::Customer);
        let Some(publisher) = self.publisher.as_mut().filter(|_| is_wanted) else { return };
        let sent = publisher.send_to_customer(&picture).await;
        self.sent(picture.get(), sent);
    }

    pub(super) async fn agent_picture(&mut self, picture: Only<Agent, Encoded>) {
        if self.sharing.takes_agents(picture.get().keyframe) {
            self.show_customer(picture.for_customer_too()).await;
        }
        self.encoded(picture.get());
        self.announce(picture.get(), Audience::Agent);
        let is_wanted = self.is_wanted(Audience::Agent);
        let Some(publisher) = self.publisher.as_mut().filter(|_| is_wanted) else { return };
        let sent = publisher.send_to_agent(&picture).await;
        self.sent(picture.get(), sent);
    }

    /// Asks whoever makes this audience's pictures for a keyframe.
    pub(super) fn request_keyframe(&self, audience: Audience) {
        match audience {
            Audience::Customer if !self.sharing.is_shared() => self.slots.customer.request_keyframe(),
            Audience::Customer | Audience::Agent => self.slots.agent.request_keyframe(),
        }
    }

    pub(super) fn facts(&self) -> Facts {
        let both = Audience::ALL.into_iter().all(|audience| self.is_wanted(audience));
        let [one, other] = Audience::ALL.map(|audience| self.bits_per_second(audience));
        let alike = both && one.abs_diff(other) <= one.max(other) / 5;
        Facts { alike, one_kind: self.one_kind, behind: self.behind }
    }

    /// One encoder for both audiences, or one each.
    pub(super) fn share(&mut self) {
        match self.sharing.step(self.facts(), Instant::now()) {
            Some(Step::Join) => self.slots.agent.request_keyframe(),
            Some(Step::Part) => {
                self.look();
                self.slots.customer.request_keyframe();
            }
            None => {}
        }
    }

    pub(super) fn bits_per_second(&self, audience: Audience) -> u32 {
        bitrate::target(bitrate::ample(self.viewport.picture()), self.demands.get(&audience).copied())
    }

    pub(super) fn encoded(&mut self, picture: &Encoded) {
        self.encode_time = (self.encode_time * 7 + picture.took) / 8;
        self.reports.picture(picture);
    }

    /// The notice goes before the picture: it is smaller, and the page waits for it to recognise the picture.
    pub(super) fn announce(&mut self, picture: &Encoded, audience: Audience) {
        let shown = self.photons[audience as usize].encoded(picture);
        for Shown { who, id, timestamp, stages } in shown {
            self.tell(who, &Notice::Shown { id, timestamp, stages });
            self.reports.took(Stage::Commit, Duration::from_micros(u64::from(stages.commit)));
        }
    }

    pub(super) fn sent(&mut self, picture: &Encoded, sent: Result<(), PublisherError>) {
        match sent {
            Ok(()) => self.reports.took(Stage::Publish, picture.finished.elapsed()),
            Err(error) => self.failed(&error),
        }
        self.look();
    }

    /// The customer saw a change that the agent has not seen: the page is asked to show it masked.
    pub(super) fn ask_masked(&mut self) {
        self.seen.unproved.mark_unchanged();
        if self.is_wanted(Audience::Agent) {
            let often = self.asked.replace(Instant::now()).is_some_and(|before| before.elapsed() < OFTEN);
            self.browser.ask_masked(often);
        }
    }

    /// The compositor shows frames in their order: once one is seen, none before it can come any more.
    pub(super) fn passed(&mut self) {
        let proved = *self.seen.proved.borrow_and_update();
        if self.closing.take_if(|counter| *counter <= proved).is_some() {
            self.browser.tell_passed(proved);
        }
    }

    /// The agents' picture fell behind, or caught up.
    pub(super) fn stands(&mut self) {
        let standing = *self.seen.standing.borrow_and_update();
        match standing {
            Standing::Behind(_) => {
                self.behind.get_or_insert_with(Instant::now);
                self.share();
            }
            Standing::Fresh => {
                self.behind = None;
                if std::mem::take(&mut self.withheld) {
                    self.tell_all(&Notice::Withheld { withheld: false });
                }
            }
        }
    }

    /// It has been behind for long: agents are told, and the page is asked once more.
    pub(super) fn overdue(&mut self) {
        if !self.is_wanted(Audience::Agent) {
            // While no agent looks, nothing is asked for.
            self.behind = None;
            return;
        }
        if let Standing::Behind(shows) = *self.seen.standing.borrow() {
            self.reports.withheld(shows);
        }
        self.withheld = true;
        self.tell_all(&Notice::Withheld { withheld: true });
        self.ask_masked();
    }

    /// Paces Chromium and the encoder by who looks and how fast we are.
    pub(super) fn look(&mut self) {
        let somebody = Audience::ALL.into_iter().any(|audience| self.is_wanted(audience));
        let [customers, mut agents] = Audience::ALL.map(|audience| self.bits_per_second(audience));
        let is_shared = self.sharing.is_shared();
        if is_shared {
            agents = agents.min(customers);
        }
        self.slots.customer.set_paused(!self.is_wanted(Audience::Customer) || is_shared);
        self.slots.customer.set_bitrate(customers);
        self.slots.agent.set_paused(!self.is_wanted(Audience::Agent));
        self.slots.agent.set_bitrate(agents);
        self.sound.set_listened(Audience::ALL.into_iter().any(|audience| self.is_heard(audience)));
        let pace = match self.pace {
            _ if !somebody => 0,
            0 => PACE,
            PACE if self.encode_time > SLOW => PACE / 2,
            _ if self.encode_time < FAST => PACE,
            same => same,
        };
        if pace != self.pace {
            self.pace = pace;
            self.seat.pace(pace);
        }
    }
}
