use crate::{ParticipantId, Private, Rights};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Who a participant is in the session. What each may do is the policy's matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Agent,
    Supervisor,
}

impl Role {
    /// The only view that this role may ever receive.
    pub fn audience(self) -> Audience {
        match self {
            Role::Customer => Audience::Customer,
            Role::Agent | Role::Supervisor => Audience::Agent,
        }
    }
}

/// Whose eyes a picture or a notice is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The clear view.
    Customer,
    /// The masked view: agents, supervisors and the recorder.
    Agent,
}

impl Audience {
    pub const ALL: [Audience; 2] = [Audience::Customer, Audience::Agent];

    /// As it stands in SDP (the stream's id) and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Audience::Customer => "customer",
            Audience::Agent => "agent",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == name)
    }
}

/// Index into the palette of eight people's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Colour(pub u8);

/// A person as the others in the session see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    pub id: ParticipantId,
    pub role: Role,
    pub name: Private<String>,
    pub colour: Colour,
    /// Whether their page is connected now.
    pub present: bool,
    /// What they may do now.
    pub rights: Rights,
    pub control: Control,
}

/// Whether the customer lets somebody click, type and navigate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Not the customer's to give: it is their own, or the company does not allow it.
    Fixed,
    /// They would have to ask.
    Withheld,
    /// They have asked.
    Asked,
    Given,
}
