//! Text that no key makes, and where text is being entered (text-input-unstable-v3).

use crate::events::Event;
use crate::globals::plain_global;
use crate::state::{Kept, State, lock};
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
    /// Its field has the focus since its last commit.
    entered: bool,
    kind: Option<FieldKind>,
    caret: [f32; 4],
}

impl Dispatch<ZwpTextInputManagerV3, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &ZwpTextInputManagerV3,
        request: zwp_text_input_manager_v3::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        if let zwp_text_input_manager_v3::Request::GetTextInput { id, .. } = request {
            let input = state.keep(init, id, Mutex::new(TextInput::default()));
            if let Some(surface) = state.seat.focus.and_then(|id| state.tree.get(id)) {
                input.enter(&surface.resource);
            }
            state.text_inputs.retain(Resource::is_alive);
            state.text_inputs.push(input);
        }
    }
}

impl Dispatch<ZwpTextInputV3, Kept<Mutex<TextInput>>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        resource: &ZwpTextInputV3,
        request: zwp_text_input_v3::Request,
        input: &Kept<Mutex<TextInput>>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        use zwp_text_input_v3::Request;
        let mut input = lock(&input.value);
        match request {
            Request::Enable => {
                *input = TextInput { enabled: true, entered: true, commits: input.commits, ..TextInput::default() }
            }
            Request::Disable => input.enabled = false,
            Request::SetContentType { purpose: WEnum::Value(purpose), .. } => input.kind = Some(kind(purpose)),
            Request::SetCursorRectangle { x, y, width, height } => {
                input.caret = [x, y, width, height].map(|v| v as f32);
            }
            Request::Commit => {
                input.commits = input.commits.wrapping_add(1);
                // Chromium keeps back what it has to say, the caret's place above all, until its commit is answered. An
                // answer in the midst of a composition would end it.
                if !state.is_composing {
                    resource.done(input.commits);
                }
                let entered = std::mem::take(&mut input.entered);
                state.field_spoke(entered);
                let field = Field { kind: input.kind.unwrap_or(FieldKind::Text), caret: input.caret };
                state.tell(Event::TextField(input.enabled.then_some(field)));
            }
            _ => {}
        }
    }
}

fn kind(purpose: ContentPurpose) -> FieldKind {
    match purpose {
        ContentPurpose::Password | ContentPurpose::Pin => FieldKind::Password,
        ContentPurpose::Digits => FieldKind::Digits,
        ContentPurpose::Number => FieldKind::Number,
        ContentPurpose::Email => FieldKind::Email,
        ContentPurpose::Phone => FieldKind::Phone,
        ContentPurpose::Url => FieldKind::Url,
        _ => FieldKind::Text,
    }
}

impl State {
    pub(crate) fn enter_text(&mut self, text: String) {
        self.is_composing = false;
        self.each_text_input(|input| input.commit_string(Some(text.clone())));
    }

    pub(crate) fn compose_text(&mut self, text: String) {
        self.is_composing = !text.is_empty();
        let caret = text.len() as i32;
        self.each_text_input(|input| input.preedit_string((!text.is_empty()).then(|| text.clone()), caret, caret));
    }

    fn each_text_input(&self, tell: impl Fn(&ZwpTextInputV3)) {
        for input in self.text_inputs.iter().filter(|i| i.is_alive()) {
            tell(input);
            let commits = input.data::<Kept<Mutex<TextInput>>>().map_or(0, |data| lock(&data.value).commits);
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
