//! Masked frames: the page itself paints what the agent may see, and each frame proves in its own pixels which kind it is.
//!
//! [`Extension`] is what runs in the page; it never trusts the page's world. [`Judge`] is the other end: it reads the marker
//! of each frame, from the same copy of the pixels that is encoded.

mod extension;
mod marker;

pub use extension::Extension;
pub use marker::{Judge, Key, STRIP, Shows};
