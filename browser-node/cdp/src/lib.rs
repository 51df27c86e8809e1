//! A thin client of the Chrome DevTools Protocol over `--remote-debugging-pipe`.
//!
//! Messages are JSON, each ended by a zero byte, on one socketpair that Chromium holds as descriptors 3 and 4; no port
//! is opened, and Chromium ends when the socket closes. Answers are routed by id, events by `sessionId` and in wire order.
//! The client knows no method: parameters and results are whatever type the caller names.

mod client;
mod route;

pub use client::{Handle, connect};
pub use route::{Event, Session};

/// Why a command has no result. The browser's own words may quote a page, so they are kept out of `Display`.
#[derive(Debug, thiserror::Error)]
pub enum CdpError {
    /// The browser is gone.
    #[error("the browser closed the connection")]
    Closed,
    /// No answer within [`COMMAND_TIMEOUT`].
    #[error("the browser did not answer in time")]
    Timeout,
    /// The page went away, or its renderer crashed, while the command was under way.
    #[error("the page went away")]
    Detached,
    /// The browser refused (JSON-RPC error object).
    #[error("the browser refused the command (code {code})")]
    Refused { code: i64, message: String },
    /// Not the shape the caller expected.
    #[error("the browser's answer has another shape")]
    Shape,
}

/// How long a command may take. A crashed target never answers (see [`Handle::fail_pending`]).
pub const COMMAND_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
