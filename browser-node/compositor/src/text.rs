//! Text that no key makes, and where text is being entered (text-input-unstable-v3).

use crate::events::Event;
use crate::globals::plain_global;
use crate::state::State;
use std::sync::Mutex;
use tandem_protocol::notice::{Field, FieldKind};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_manager_v3::{self, ZwpTextInputManagerV3};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::{self, ContentPurpose, ZwpTextInputV3};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum};

plain_global!(ZwpTextInputManagerV3);

/// What a text input has said since its last commit.
#[derive(Debug, Default)]
pub(crate) struct TextInput {
    commits: u32,
    enabled: bool,
    kind: Option<FieldKind>,
    caret: [f32; 4],
}

impl Dispatch<ZwpTextInputManagerV3, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &ZwpTextInputManagerV3,
        request: zwp_text_input_manager_v3::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let zwp_text_input_manager_v3::Request::GetTextInput { id, .. } = request {
            let input = init.init(id, Mutex::new(TextInput::default()));
            if let Some(surface) = state.seat.focus.and_then(|id| state.surfaces.get(&id)) {
                input.enter(&surface.resource);
            }
            state.text_inputs.retain(Resource::is_alive);
            state.text_inputs.push(input);
        }
    }
}

impl Dispatch<ZwpTextInputV3, Mutex<TextInput>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &ZwpTextInputV3,
        request: zwp_text_input_v3::Request,
        input: &Mutex<TextInput>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        use zwp_text_input_v3::Request;
        let mut input = input.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match request {
            Request::Enable => *input = TextInput { enabled: true, commits: input.commits, ..TextInput::default() },
            Request::Disable => input.enabled = false,
            Request::SetContentType { purpose: WEnum::Value(purpose), .. } => input.kind = Some(kind(purpose)),
            Request::SetCursorRectangle { x, y, width, height } => {
                input.caret = [x, y, width, height].map(|v| v as f32);
            }
            Request::Commit => {
                input.commits = input.commits.wrapping_add(1);
                let field = Field { kind: input.kind.unwrap_or(FieldKind::Text), caret: input.caret };
                state.sink.get_mut().event(Event::TextField(input.enabled.then_some(field)));
            }
            _ => {}
        }
    }
}

fn kind(purpose: ContentPurpose) -> FieldKind {
    match purpose {
        ContentPurpose::Password | ContentPurpose::Pin => FieldKind::Password,
        ContentPurpose::Digits | ContentPurpose::Number => FieldKind::Number,
        ContentPurpose::Email => FieldKind::Email,
        ContentPurpose::Phone => FieldKind::Phone,
        ContentPurpose::Url => FieldKind::Url,
        _ => FieldKind::Text,
    }
}

impl State {
    pub(crate) fn enter_text(&mut self, text: &str) {
        // The protocol's strings end at 4,000 bytes; a longer text goes in pieces.
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(3_900));
            self.each_text_input(|input| input.commit_string(Some(piece.to_owned())));
            rest = after;
        }
    }

    pub(crate) fn compose_text(&mut self, text: &str) {
        let piece = &text[..text.floor_char_boundary(3_900)];
        let caret = piece.len() as i32;
        self.each_text_input(|input| input.preedit_string((!piece.is_empty()).then(|| piece.to_owned()), caret, caret));
    }

    fn each_text_input(&self, tell: impl Fn(&ZwpTextInputV3)) {
        for input in self.text_inputs.iter().filter(|i| i.is_alive()) {
            tell(input);
            let commits = input
                .data::<Mutex<TextInput>>()
                .map_or(0, |data| data.lock().unwrap_or_else(std::sync::PoisonError::into_inner).commits);
            input.done(commits);
        }
    }

    pub(crate) fn enter_text_focus(&self, surface: &WlSurface) {
        self.text_inputs.iter().filter(|i| i.is_alive()).for_each(|input| input.enter(surface));
    }

    pub(crate) fn leave_text(&self, surface: &WlSurface) {
        self.text_inputs.iter().filter(|i| i.is_alive()).for_each(|input| input.leave(surface));
    }
}
