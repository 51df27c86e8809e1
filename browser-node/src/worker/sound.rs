//! What pages play, on its way to who may hear it.

use super::audience::{Agent, Customer, Only};
use std::path::Path;
use std::time::Instant;
use tandem_policy::Gate;
use tandem_protocol::ParticipantId;
use tandem_protocol::notice::Sound;
use tandem_sound::{Packet, Server};

/// The session's sound server. A session goes on without one.
pub struct PageSound {
    server: Option<Server>,
}

/// What comes of it.
pub enum FromSound {
    Packet(Packet),
    /// There is something to hear, or no more: [`PageSound::state`].
    State,
}

impl PageSound {
    /// Starts the server in the session's own directory.
    pub fn start(directory: &Path, epoch: Instant) -> PageSound {
        let started = Server::start(&directory.join("sound"), epoch);
        if let Err(error) = &started {
            tracing::warn!(%error, "pages are mute: the sound server does not start");
        }
        PageSound { server: started.ok() }
    }

    /// Where Chromium plays; none where it cannot.
    pub fn socket(&self) -> Option<&Path> {
        self.server.as_ref().map(Server::socket)
    }

    pub fn state(&self) -> Sound {
        match &self.server {
            None => Sound::Unavailable,
            Some(server) if *server.playing.borrow() => Sound::Playing,
            Some(_) => Sound::Silent,
        }
    }

    pub fn set_listened(&self, listened: bool) {
        if let Some(server) = &self.server {
            server.set_listened(listened);
        }
    }

    /// The next that comes. Cancelling it loses nothing.
    pub async fn next(&mut self) -> FromSound {
        let Some(server) = &mut self.server else { return std::future::pending().await };
        tokio::select! {
            Some(packet) = server.packets.recv() => FromSound::Packet(packet),
            change = server.playing.changed() => {
                if change.is_err() {
                    tracing::error!("pages are mute from now on: the sound server has ended");
                    self.server = None;
                }
                FromSound::State
            }
        }
    }
}

/// The customer may hear all that is played for them.
pub fn for_customers(packet: &Packet) -> Only<Customer, Packet> {
    Only::new(packet.clone())
}

/// Sound passes no mask, so agents have it only where one of them may hear it, by signalling and by the policy.
pub fn for_agents(
    packet: &Packet,
    gate: &Gate,
    mut agents: impl Iterator<Item = ParticipantId>,
) -> Option<Only<Agent, Packet>> {
    agents.any(|who| gate.hears(who)).then(|| Only::new(packet.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_policy::Millis;
    use tandem_protocol::policy::{Permissions, Policy};
    use tandem_protocol::{Rights, Role, Viewport};

    #[tokio::test]
    async fn a_session_goes_on_without_a_sound_server() {
        let mut none = PageSound::start(Path::new("/nowhere"), Instant::now());
        assert!(none.socket().is_none() && none.state() == Sound::Unavailable);
        none.set_listened(true);
        let directory = tempfile::tempdir().unwrap();
        let mut sound = PageSound::start(directory.path(), Instant::now());
        assert!(sound.socket().is_some_and(Path::exists) && sound.state() == Sound::Silent);
        // As if its thread had ended.
        let (packets, playing) = (tokio::sync::mpsc::channel(1).1, tokio::sync::watch::channel(false).1);
        if let Some(server) = &mut sound.server {
            (server.packets, server.playing) = (packets, playing);
        }
        assert!(matches!(sound.next().await, FromSound::State) && sound.state() == Sound::Unavailable);
        tokio::select! {
            biased;
            _ = none.next() => panic!("there is nothing to come"),
            _ = sound.next() => panic!("there is nothing to come any more"),
            () = std::future::ready(()) => {}
        }
    }

    #[test]
    fn agents_have_a_packet_only_where_one_of_them_may_hear() {
        let (agent, packet) = (ParticipantId(2), Packet { data: vec![1].into(), timestamp: 0, is_first: true });
        let mut gate = Gate::new(Policy::default(), Viewport::DEFAULT);
        gate.admit(agent, Role::Agent, Rights::ALL, Millis(0));
        let made = |gate: &Gate| for_agents(&packet, gate, [ParticipantId(9), agent].into_iter()).is_some();
        assert!(!made(&gate));
        let hear = Permissions { hear: true, ..Permissions::default() };
        gate.set_policy(Policy { agent: hear, ..Policy::default() });
        assert!(made(&gate));
        gate.allow(agent, Rights::NONE);
        assert!(!made(&gate));
    }
}
