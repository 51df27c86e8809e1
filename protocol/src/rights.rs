//! What somebody may do in a session at this moment. Signalling decides it; SFU and node each hold people to it.

use crate::Role;
use crate::api::Permission;
use crate::dialog::DialogAnswer;
use crate::input::ControlInput;
use crate::policy::Permissions;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a participant's role, the company's policy and the customer together allow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// The picture, and everything that is told beside it.
    pub view: bool,
    /// A named pointer on the page.
    pub point: bool,
    pub annotate: bool,
    /// Press, scroll and drag.
    pub click: bool,
    /// Keys and text.
    pub typing: bool,
    /// Address bar, back, forward and reload.
    pub navigate: bool,
    pub open_tabs: bool,
    /// Files for the customer, by the chat.
    pub send_files: bool,
    /// The sound of the page.
    pub hear: bool,
}

/// What an input does, and so what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    Point,
    Click,
    Type,
    Navigate,
    OpenTabs,
    Hear,
    /// What the customer alone may do, whatever the rights.
    CustomersOwn,
    /// Lets go of what is held: always heard, so that nothing sticks.
    LetGo,
}

impl Act {
    pub const ALL: [Act; 8] =
        [Act::Point, Act::Click, Act::Type, Act::Navigate, Act::OpenTabs, Act::Hear, Act::CustomersOwn, Act::LetGo];
}

impl ControlInput {
    /// What it takes to do this.
    pub fn act(&self) -> Act {
        use crate::input::TouchPhase::{Cancel, End, Move, Start};
        match self {
            ControlInput::ReleaseAll
            | ControlInput::Sound { on: false }
            | ControlInput::Key { pressed: false, .. }
            | ControlInput::Button { pressed: false, .. }
            | ControlInput::Touch { phase: End | Cancel, .. } => Act::LetGo,
            ControlInput::Button { pressed: true, .. }
            | ControlInput::Wheel { .. }
            | ControlInput::Touch { phase: Start | Move, .. } => Act::Click,
            ControlInput::Key { pressed: true, .. } | ControlInput::Text { .. } | ControlInput::Compose { .. } => {
                Act::Type
            }
            ControlInput::Navigate { .. } => Act::Navigate,
            ControlInput::Tab { .. } | ControlInput::NewTab | ControlInput::OpenLink { .. } => Act::OpenTabs,
            ControlInput::Answer { answer: DialogAnswer::Dismiss, .. }
            | ControlInput::Choose { .. }
            | ControlInput::Reach { .. } => Act::Click,
            // Who may see the page may have it told.
            ControlInput::Listen { .. } => Act::Point,
            ControlInput::Sound { on: true } => Act::Hear,
            ControlInput::Answer { .. }
            | ControlInput::Find { .. }
            | ControlInput::File { .. }
            | ControlInput::Hide { .. }
            | ControlInput::Resize { .. }
            | ControlInput::Pick { .. }
            | ControlInput::Matches => Act::CustomersOwn,
        }
    }
}

impl Rights {
    pub const NONE: Rights = Rights {
        view: false,
        point: false,
        annotate: false,
        click: false,
        typing: false,
        navigate: false,
        open_tabs: false,
        send_files: false,
        hear: false,
    };
    pub const ALL: Rights = Rights {
        view: true,
        point: true,
        annotate: true,
        click: true,
        typing: true,
        navigate: true,
        open_tabs: true,
        send_files: true,
        hear: true,
    };

    /// What a role's permissions are worth in a session.
    pub fn of<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> Rights {
        let mut rights = Rights::NONE;
        for permission in permissions {
            match permission {
                // Who may see may also hear: whether agents do is the policy's to say.
                Permission::View => (rights.view, rights.hear) = (true, true),
                Permission::Point => rights.point = true,
                Permission::Annotate => rights.annotate = true,
                Permission::Click => rights.click = true,
                Permission::Type => rights.typing = true,
                Permission::Navigate => rights.navigate = true,
                Permission::OpenTabs => rights.open_tabs = true,
                Permission::SendFiles => rights.send_files = true,
                Permission::SeeRecordings | Permission::EditPolicy | Permission::ManagePeople | Permission::Api => {}
            }
        }
        rights
    }

    /// What both allow.
    pub fn and(self, other: Rights) -> Rights {
        Rights {
            view: self.view && other.view,
            point: self.point && other.point,
            annotate: self.annotate && other.annotate,
            click: self.click && other.click,
            typing: self.typing && other.typing,
            navigate: self.navigate && other.navigate,
            open_tabs: self.open_tabs && other.open_tabs,
            send_files: self.send_files && other.send_files,
            hear: self.hear && other.hear,
        }
    }

    /// Whether it lets somebody do anything to the page.
    pub fn control(self) -> bool {
        self.click || self.typing || self.navigate || self.open_tabs
    }

    /// The same for somebody who only watches and shows.
    pub fn without_control(self) -> Rights {
        Rights { click: false, typing: false, navigate: false, open_tabs: false, ..self }
    }

    /// Whether somebody with these rights may do this.
    pub fn allow(self, role: Role, act: Act) -> bool {
        match act {
            Act::Point => self.point,
            Act::Click => self.click,
            Act::Type => self.typing,
            Act::Navigate => self.navigate,
            Act::OpenTabs => self.open_tabs,
            Act::Hear => self.hear,
            Act::CustomersOwn => role == Role::Customer,
            Act::LetGo => true,
        }
    }
}

/// The most that a policy leaves to a role.
impl From<Permissions> for Rights {
    fn from(policy: Permissions) -> Rights {
        let Permissions { control, typing, navigate, hear } = policy;
        Rights { click: control, typing, navigate, open_tabs: navigate, hear, ..Rights::ALL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_is_worth_its_own_right_and_no_other() {
        let acts = |rights: Rights| Act::ALL.map(|act| rights.allow(Role::Agent, act));
        assert_eq!(acts(Rights::NONE), [false, false, false, false, false, false, false, true]);
        assert_eq!(acts(Rights::ALL), [true, true, true, true, true, true, false, true]);
        for (permission, act) in [
            (Permission::Point, Act::Point),
            (Permission::Click, Act::Click),
            (Permission::Type, Act::Type),
            (Permission::Navigate, Act::Navigate),
            (Permission::OpenTabs, Act::OpenTabs),
            (Permission::View, Act::Hear),
        ] {
            let rights = Rights::of([&permission]);
            for other in Act::ALL {
                assert_eq!(
                    rights.allow(Role::Agent, other),
                    other == act || other == Act::LetGo,
                    "{permission:?} {other:?}"
                );
            }
        }
        assert_eq!(Rights::of(&Permission::ALL), Rights::ALL);
        for permission in [Permission::SeeRecordings, Permission::EditPolicy, Permission::ManagePeople, Permission::Api]
        {
            assert_eq!(Rights::of([&permission]), Rights::NONE, "{permission:?}");
        }
    }

    #[test]
    fn what_is_the_customers_is_nobody_elses() {
        for role in [Role::Agent, Role::Supervisor] {
            assert!(!Rights::ALL.allow(role, Act::CustomersOwn));
        }
        assert!(Rights::NONE.allow(Role::Customer, Act::CustomersOwn));
        assert_eq!(Rights::ALL.and(Rights::NONE), Rights::NONE);
        assert!(!Rights::ALL.without_control().control() && Rights::ALL.without_control().annotate);
    }
}
