//! Whom a room's people are held to by what signalling allows them. The node holds them to the same once more.

use crate::Channel;
use tandem_protocol::input::ControlInput;
use tandem_protocol::talk::chat::ChatInput;
use tandem_protocol::talk::{TalkInput, TalkNotice};
use tandem_protocol::{Rights, Role, limits, parse};

/// Somebody in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub role: Role,
    pub rights: Rights,
    /// They have asked for the sound.
    pub listens: bool,
}

/// Where something goes that somebody sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Nowhere,
    ToNode,
    /// It was for the SFU: whether they want the sound.
    Sound(bool),
}

impl Member {
    pub fn new(role: Role, rights: Rights) -> Member {
        Member { role, rights, listens: false }
    }

    /// Where what they send goes. What is no message of ours, or what they may not send, goes nowhere.
    pub fn sends(&self, channel: Channel, message: &[u8]) -> Sent {
        let may = match channel {
            Channel::Pointer => self.rights.point,
            // What people say to each other is theirs, whatever they may do on the page.
            Channel::Talk => match parse(message, limits::TALK) {
                Ok(TalkInput::Chat(ChatInput::Say { file: Some(_), .. })) => {
                    self.role != Role::Customer && self.rights.send_files
                }
                Ok(TalkInput::Chat(_)) => true,
                Ok(TalkInput::Drawing(_)) => self.rights.annotate,
                Err(_) => false,
            },
            Channel::Control => match parse::<ControlInput>(message, limits::CONTROL) {
                Ok(input) if !self.rights.allow(self.role, input.act()) => false,
                Ok(ControlInput::Sound { on }) => return Sent::Sound(on),
                Ok(_) => true,
                Err(_) => false,
            },
        };
        if may { Sent::ToNode } else { Sent::Nowhere }
    }

    /// Whether something that the node tells them goes on to them. Chat does in any case: a customer who has paused can be talked to.
    pub fn may_hear(&self, channel: Channel, message: &[u8]) -> bool {
        let is_chat = || matches!(parse(message, limits::TALK), Ok(TalkNotice::Chat(_)));
        self.rights.view || (channel == Channel::Talk && is_chat())
    }

    /// Whether they get the sound: they have asked for it, and may.
    pub fn hears_page(&self) -> bool {
        self.listens && self.rights.view && self.rights.hear
    }

    /// Whether they get the picture.
    pub fn may_see(&self) -> bool {
        self.rights.view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_protocol::{Act, InputId, to_json};

    fn may_send(role: Role, rights: Rights, channel: Channel, message: &[u8]) -> bool {
        Member::new(role, rights).sends(channel, message) != Sent::Nowhere
    }

    fn input(act: Act) -> Option<ControlInput> {
        let id = InputId(1);
        match act {
            Act::Point => None,
            Act::Click => Some(ControlInput::Wheel { id, x: 1.0, y: 1.0, dx: 0.0, dy: 1.0 }),
            Act::Type => Some(ControlInput::Text { id, text: "x".into() }),
            Act::Navigate => Some(ControlInput::Navigate { to: tandem_protocol::input::Navigation::Back }),
            Act::OpenTabs => Some(ControlInput::Tab { tab: tandem_protocol::TabId(1), close: false }),
            Act::Hear => Some(ControlInput::Sound { on: true }),
            Act::CustomersOwn => Some(ControlInput::Hide { x: 1.0, y: 1.0 }),
            Act::LetGo => Some(ControlInput::ReleaseAll),
        }
    }

    /// Every role, every act, with the right and without: as if neither signalling nor the node were there to deny it.
    #[test]
    fn nobody_does_what_they_have_no_right_to() {
        let rights = [
            (Act::Point, Rights { point: true, ..Rights::NONE }),
            (Act::Click, Rights { click: true, ..Rights::NONE }),
            (Act::Type, Rights { typing: true, ..Rights::NONE }),
            (Act::Navigate, Rights { navigate: true, ..Rights::NONE }),
            (Act::OpenTabs, Rights { open_tabs: true, ..Rights::NONE }),
            (Act::Hear, Rights { hear: true, ..Rights::NONE }),
        ];
        for role in [Role::Customer, Role::Agent, Role::Supervisor] {
            for act in Act::ALL {
                let sends = |rights: Rights| match input(act) {
                    Some(input) => may_send(role, rights, Channel::Control, to_json(&input).as_bytes()),
                    None => may_send(role, rights, Channel::Pointer, b"{}"),
                };
                let always = act == Act::LetGo || (act == Act::CustomersOwn && role == Role::Customer);
                assert_eq!(sends(Rights::NONE), always, "{role:?} {act:?}");
                for (of, rights) in rights {
                    assert_eq!(sends(rights), always || of == act, "{role:?} {act:?} {rights:?}");
                }
            }
            let sends = |rights, message: &str| may_send(role, rights, Channel::Talk, message.as_bytes());
            let (chat, drawing) = (r#"{"chat":{"type":"typing","typing":true}}"#, r#"{"drawing":{"type":"clear"}}"#);
            assert!(sends(Rights::NONE, chat) && !sends(Rights::ALL, "{}"));
            assert!(sends(Rights::ALL, drawing) && !sends(Rights { annotate: false, ..Rights::ALL }, drawing));
            let file = r#"{"chat":{"type":"say","number":1,"text":"","file":{"name":"a","bytes":1}}}"#;
            assert_eq!(sends(Rights::ALL, file), role != Role::Customer);
            assert!(!sends(Rights { send_files: false, ..Rights::ALL }, file));
            let blind = Member::new(role, Rights { view: false, ..Rights::ALL });
            assert!(!blind.may_see());
            let (chat, drawing) =
                (r#"{"chat":{"type":"typing","from":1,"typing":true}}"#, r#"{"drawing":{"type":"gone","ids":[1]}}"#);
            for (channel, message, hears) in [
                (Channel::Talk, chat, true),
                (Channel::Talk, drawing, false),
                (Channel::Talk, "{}", false),
                (Channel::Control, chat, false),
                (Channel::Pointer, chat, false),
            ] {
                assert_eq!(blind.may_hear(channel, message.as_bytes()), hears, "{role:?} {channel:?} {message}");
                assert!(Member::new(role, Rights::ALL).may_hear(channel, message.as_bytes()));
            }
        }
    }

    #[test]
    fn rubbish_goes_nowhere() {
        for message in [&b""[..], b"{", b"{\"type\":\"button\"}", b"\xff"] {
            assert!(!may_send(Role::Customer, Rights::ALL, Channel::Control, message));
        }
    }

    #[test]
    fn the_sound_goes_to_who_asked_and_may_see_and_hear() {
        let member = Member::new(Role::Agent, Rights::ALL);
        let on = to_json(&ControlInput::Sound { on: true });
        assert_eq!(member.sends(Channel::Control, on.as_bytes()), Sent::Sound(true));
        assert!(!member.hears_page(), "not before they have asked");
        let listening = Member { listens: true, ..member };
        assert!(listening.hears_page());
        for rights in [Rights { hear: false, ..Rights::ALL }, Rights { view: false, ..Rights::ALL }, Rights::NONE] {
            assert!(!Member { rights, ..listening }.hears_page(), "{rights:?}");
            let off = to_json(&ControlInput::Sound { on: false });
            assert_eq!(Member { rights, ..member }.sends(Channel::Control, off.as_bytes()), Sent::Sound(false));
        }
    }
}
