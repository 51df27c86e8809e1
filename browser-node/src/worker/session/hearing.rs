//! What people hear of the page.

use super::Live;
use crate::worker::sound::{self, FromSound};
use tandem_protocol::notice::Notice;
use tandem_protocol::{Audience, ParticipantId};
use tandem_sound::Packet;

impl Live {
    pub(super) async fn sound_event(&mut self, event: FromSound) {
        match event {
            FromSound::Packet(packet) => self.sounded(packet).await,
            FromSound::State => self.tell_sound(),
        }
    }

    async fn sounded(&mut self, packet: Packet) {
        self.reports.sound(&packet);
        let [customers, agents] = Audience::ALL.map(|audience| self.is_heard(audience));
        let clear = customers.then(|| sound::for_customers(&packet));
        let shared = if agents { sound::for_agents(&packet, &self.gate, self.viewers(Audience::Agent)) } else { None };
        let Some(publisher) = self.publisher.as_mut() else { return };
        let mut sent = Ok(());
        if let Some(packet) = clear {
            sent = publisher.sound_to_customer(&packet).await;
        }
        if let Some(packet) = shared {
            sent = sent.and(publisher.sound_to_agent(&packet).await);
        }
        if let Err(error) = sent {
            self.failed(&error);
        }
    }

    /// Whether the sound goes out to this audience: somebody has asked for it, and somebody may hear it.
    pub(super) fn is_heard(&self, audience: Audience) -> bool {
        self.demands.get(&audience).is_some_and(|demand| demand.hearers > 0)
            && self.viewers(audience).any(|who| self.gate.hears(who))
    }

    /// Those who may hear the page know whether there is anything to hear.
    pub(super) fn tell_sound(&self) {
        self.people.keys().for_each(|who| self.tell_sound_to(*who));
    }

    pub(super) fn tell_sound_to(&self, who: ParticipantId) {
        if self.gate.hears(who) {
            self.tell(who, &Notice::Sound { sound: self.sound.state() });
        }
    }
}
