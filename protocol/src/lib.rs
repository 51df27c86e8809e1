//! The words every part of Tandem speaks: ids, signalling, input, notices, control and the policy document.
//!
//! This crate imports nothing of ours, does no I/O and names no library's type. It is the only place that derives
//! `Serialize` for the wire; the TypeScript of the pages is generated from it (see `typescript`).

pub mod api;
pub mod control;
pub mod device;
pub mod dialog;
pub mod element;
pub mod files;
pub mod ids;
pub mod input;
pub mod limits;
pub mod native;
pub mod notice;
pub mod outline;
pub mod people;
pub mod policy;
pub mod private;
pub mod rights;
pub mod signal;
pub mod talk;
pub mod typescript;
pub mod viewport;
mod wire;

pub use device::{Device, DeviceClass};
pub use ids::{CompanyId, InputId, KeyId, NodeName, ParticipantId, PersonId, RoleId, SessionId, TabId};
pub use people::{Audience, Colour, Control, Participant, Role};
pub use private::Private;
pub use rights::{Act, Rights};
pub use viewport::Viewport;
pub use wire::{WireError, parse, to_json};

/// Version of everything in this crate. A component that speaks another one is refused when it registers.
pub const PROTOCOL_VERSION: u32 = 1;
