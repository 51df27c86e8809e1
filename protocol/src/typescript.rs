//! The TypeScript of everything a page sends or receives.

use crate::{api, ids, input, notice, people, policy, private, signal, viewport};
use ts_rs::{Config, TS};

/// The whole of `web-client/src/protocol.gen.ts`.
pub fn generate() -> String {
    let mut out = String::from("// Generated from the protocol crate by `make protocol`. Do not edit.\n");
    let config = Config::default();
    macro_rules! declare {
        ($($type:ty),* $(,)?) => { $( out.push_str(&format!("\nexport {}\n", <$type as TS>::decl(&config))); )* };
    }
    declare!(
        private::Private<String>,
        ids::SessionId,
        ids::CompanyId,
        ids::ParticipantId,
        ids::TabId,
        ids::InputId,
        people::Colour,
        people::Role,
        people::Audience,
        people::Participant,
        viewport::Viewport,
        input::PointerInput,
        input::ControlInput,
        input::MouseButton,
        input::TouchPhase,
        input::Modifiers,
        input::Navigation,
        notice::CursorNotice,
        notice::Notice,
        notice::Tab,
        notice::Field,
        notice::FieldKind,
        notice::Denied,
        notice::Stages,
        notice::CursorShape,
        policy::Policy,
        policy::Sites,
        policy::Permissions,
        policy::Masking,
        policy::Secret,
        policy::MaskRule,
        policy::MaskWhat,
        policy::Blocking,
        policy::Verb,
        policy::BlockRule,
        policy::BlockWhat,
        signal::ClientSignal,
        signal::Credential,
        signal::ServerSignal,
        signal::SessionState,
        signal::EndReason,
        signal::Refusal,
        signal::IceServer,
        signal::Report,
        api::CreateSession,
        api::CreatedSession,
        api::Navigate,
        api::SessionView,
        api::RedeemPin,
        api::RedeemedPin,
        api::SignIn,
        api::Me,
        api::SessionList,
        api::SessionSummary,
        api::JoinLink,
        api::ApiError,
    );
    out
}

#[cfg(test)]
mod tests {
    /// The file is committed, so that the pages build without Rust; this keeps it fresh.
    #[test]
    fn the_pages_have_this_protocol() {
        let stored = include_str!("../../web-client/src/protocol.gen.ts");
        assert!(stored == super::generate(), "run `make protocol` and commit web-client/src/protocol.gen.ts");
    }
}
