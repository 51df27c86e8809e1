//! Data channels by participant. The label, which the SFU gives, says whose a channel is.

use super::audience::{Agent, Customer, Only};
use super::publisher::FromPublisher;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tandem_protocol::control::Demand;
use tandem_protocol::input::{ControlInput, PointerInput, channel};
use tandem_protocol::notice::{CursorNotice, Notice};
use tandem_protocol::talk::{TalkInput, TalkNotice};
use tandem_protocol::{ParticipantId, WireError, limits, parse, to_json};
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent};

/// Notices that wait for a slow page; a page further behind is cut off and joins anew.
const NOTICES: usize = 256;
/// What was said that waits: room for all that is kept, which whoever comes is told at once, and what is said meanwhile.
const TALK: usize = 2 * super::chat::KEPT;
/// Other people's cursors that wait: the latest wins, so hardly any.
const CURSORS: usize = 4;

/// What arrived by a channel, and from whom.
#[derive(Debug)]
pub enum FromChannel {
    /// A participant can be spoken to from now on.
    Opened(ParticipantId),
    Pointer(ParticipantId, PointerInput),
    Control(ParticipantId, ControlInput),
    /// A participant can be talked to from now on.
    Listens(ParticipantId),
    Talk(ParticipantId, TalkInput),
    Demand(Demand),
    /// Not a message of ours.
    Malformed(ParticipantId, WireError),
    /// The participant's control channel is closed: they let go of everything.
    Closed(ParticipantId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pointer(ParticipantId),
    Control(ParticipantId),
    Talk(ParticipantId),
    Sfu,
}

impl Kind {
    fn of(label: &str) -> Option<Kind> {
        if label == channel::SFU {
            return Some(Kind::Sfu);
        }
        match channel::split(label)? {
            (channel::POINTER, who) => Some(Kind::Pointer(who)),
            (channel::CONTROL, who) => Some(Kind::Control(who)),
            (channel::TALK, who) => Some(Kind::Talk(who)),
            _ => None,
        }
    }

    fn read(self, message: &[u8]) -> Result<FromChannel, WireError> {
        Ok(match self {
            Kind::Pointer(who) => FromChannel::Pointer(who, parse(message, limits::POINTER)?),
            Kind::Control(who) => FromChannel::Control(who, parse(message, limits::CONTROL)?),
            Kind::Sfu => FromChannel::Demand(parse(message, limits::POINTER)?),
            Kind::Talk(who) => FromChannel::Talk(who, parse(message, limits::TALK)?),
        })
    }
}

#[derive(Default)]
struct Outgoing {
    control: HashMap<ParticipantId, mpsc::Sender<String>>,
    pointer: HashMap<ParticipantId, mpsc::Sender<String>>,
    talk: HashMap<ParticipantId, mpsc::Sender<String>>,
}

/// The open channels of a connection.
#[derive(Clone, Default)]
pub struct Channels(Arc<Mutex<Outgoing>>);

impl Channels {
    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Speaks to a customer.
    pub fn tell_customer(&self, who: ParticipantId, notice: &Only<Customer, Notice>) {
        self.tell(who, notice.get());
    }

    /// Speaks to an agent or a supervisor.
    pub fn tell_agent(&self, who: ParticipantId, notice: &Only<Agent, Notice>) {
        self.tell(who, notice.get());
    }

    /// A page that does not keep up is cut off: it would act on what is no longer true.
    fn tell(&self, who: ParticipantId, notice: &Notice) {
        let mut outgoing = self.outgoing();
        if outgoing.control.get(&who).is_some_and(|to| to.try_send(to_json(notice)).is_err()) {
            outgoing.control.remove(&who);
        }
    }

    /// Shows a cursor to one participant, or not when they are behind.
    pub fn show_cursor(&self, who: ParticipantId, cursor: &CursorNotice) {
        if let Some(to) = self.outgoing().pointer.get(&who) {
            let _ = to.try_send(to_json(cursor));
        }
    }

    /// Passes on what people say to each other. A page that does not keep up is cut off, and hears it all anew when it is back.
    pub fn talk(&self, who: ParticipantId, notice: &TalkNotice) {
        let mut outgoing = self.outgoing();
        if outgoing.talk.get(&who).is_some_and(|to| to.try_send(to_json(notice)).is_err()) {
            outgoing.talk.remove(&who);
        }
    }

    /// Takes a channel that opened.
    pub fn open(&self, channel: Arc<dyn DataChannel>, events: mpsc::Sender<FromPublisher>) {
        let channels = self.clone();
        tokio::spawn(async move {
            let Ok(label) = channel.label().await else { return };
            match Kind::of(&label) {
                Some(kind) => channels.serve(kind, channel, events).await,
                None => drop(channel.close().await),
            }
        });
    }

    async fn serve(&self, kind: Kind, channel: Arc<dyn DataChannel>, events: mpsc::Sender<FromPublisher>) {
        let mut outgoing = match kind {
            Kind::Control(who) => Some(self.register(who, NOTICES, |o| &mut o.control)),
            Kind::Pointer(who) => Some(self.register(who, CURSORS, |o| &mut o.pointer)),
            Kind::Talk(who) => Some(self.register(who, TALK, |o| &mut o.talk)),
            Kind::Sfu => None,
        };
        let opened = match kind {
            Kind::Control(who) => Some(FromChannel::Opened(who)),
            Kind::Talk(who) => Some(FromChannel::Listens(who)),
            Kind::Pointer(_) | Kind::Sfu => None,
        };
        if let Some(opened) = opened {
            let _ = events.send(FromPublisher::Channel(opened)).await;
        }
        loop {
            let next = async {
                match &mut outgoing {
                    Some(outgoing) => outgoing.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = channel.poll() => match event {
                    Some(DataChannelEvent::OnMessage(message)) => {
                        let event = match (kind.read(&message.data), kind) {
                            (Ok(event), _) => event,
                            (Err(error), Kind::Pointer(who) | Kind::Control(who) | Kind::Talk(who)) => {
                                FromChannel::Malformed(who, error)
                            }
                            (Err(_), Kind::Sfu) => continue,
                        };
                        if events.send(FromPublisher::Channel(event)).await.is_err() {
                            break;
                        }
                    }
                    Some(DataChannelEvent::OnClose | DataChannelEvent::OnClosing) | None => break,
                    Some(_) => {}
                },
                text = next => match text {
                    Some(text) if channel.send_text(&text).await.is_ok() => {}
                    _ => break,
                },
            }
        }
        let _ = channel.close().await;
        if let Kind::Control(who) = kind {
            let _ = events.send(FromPublisher::Channel(FromChannel::Closed(who))).await;
        }
    }

    fn register(
        &self,
        who: ParticipantId,
        size: usize,
        of: impl Fn(&mut Outgoing) -> &mut HashMap<ParticipantId, mpsc::Sender<String>>,
    ) -> mpsc::Receiver<String> {
        let (sender, receiver) = mpsc::channel(size);
        // A newer channel of the same participant replaces the older, whose task then ends.
        of(&mut self.outgoing()).insert(who, sender);
        receiver
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_says_whose_a_channel_is() {
        for (label, kind) in [
            ("control/3", Some(Kind::Control(ParticipantId(3)))),
            ("pointer/12", Some(Kind::Pointer(ParticipantId(12)))),
            ("talk/1", Some(Kind::Talk(ParticipantId(1)))),
            ("sfu", Some(Kind::Sfu)),
            ("control", None),
            ("control/-1", None),
            ("control/1/2", None),
            ("sfu/1", None),
            ("", None),
        ] {
            assert_eq!(Kind::of(label), kind, "{label:?}");
        }
    }

    #[test]
    fn rubbish_is_the_senders_fault() {
        let control = Kind::Control(ParticipantId(1));
        for message in [&b""[..], b"{", b"{\"type\":\"button\"}", &[b' '; 70_000]] {
            assert!(control.read(message).is_err());
        }
        assert!(matches!(
            control.read(b"{\"type\":\"release_all\"}"),
            Ok(FromChannel::Control(_, ControlInput::ReleaseAll))
        ));
    }
}
