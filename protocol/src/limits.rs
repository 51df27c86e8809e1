//! How large a message may be before it is refused, in bytes. A peer that sends more is at fault.

/// One message on the `pointer` channel.
pub const POINTER: usize = 256;
/// One message on the `control` channel: room for a paste.
pub const CONTROL: usize = 64 * 1024;
/// One message on the `talk` channel.
pub const TALK: usize = 16 * 1024;
/// One message on `/ws`: the largest is an SDP offer.
pub const SIGNAL: usize = 64 * 1024;
/// One message on `/control`: the largest is an SDP with a policy.
pub const COMPONENT: usize = 1024 * 1024;
/// One address that a person or the API asks for.
pub const URL: usize = 8 * 1024;
/// A participant's name, in characters.
pub const NAME: usize = 60;
