//! Carries permits out. The only holder of the compositor's input and of the browser's navigation.

use super::browser::{Browser, window_of};
use tandem_compositor::{Handle, Modifiers, Size, TouchPhase as SeatPhase};
use tandem_masking::STRIP;
use tandem_policy::{Action, Mask, Permit};
use tandem_protocol::input::{MouseButton, TouchPhase};
use tandem_protocol::notice::Denied;
use tandem_protocol::policy::Sites;
use tandem_protocol::{Device, Private, Viewport};

/// Linux' `KEY_F24`: pressed before text of an input method, which carries no modifiers, to say whose it is. The page's guard
/// takes it away.
const HERALD: u32 = 194;

/// Chromium's one seat. Num Lock is on while the customer acts: so every event that a page gets says who made it.
pub struct Seat(Handle);

impl Seat {
    pub fn new(compositor: Handle) -> Seat {
        Seat(compositor)
    }

    /// Does what the permit allows; what the browser itself may refuse is an address.
    pub fn carry_out(&self, permit: &Permit, browser: &mut Browser, sites: &Sites) -> Result<(), Denied> {
        let held = |mask: Mask| Modifiers {
            shift: mask.shift,
            control: mask.control,
            alt: mask.alt,
            num_lock: permit.is_customers(),
        };
        if changes_page(permit.action()) {
            browser.is_used();
        }
        match permit.action() {
            Action::Move { x, y, modifiers } => {
                self.0.modifiers(held(*modifiers));
                self.0.motion(f64::from(*x), below_strip(*y));
            }
            Action::Button { button, pressed, modifiers } => {
                self.0.modifiers(held(*modifiers));
                self.0.button(code_of(*button), *pressed);
            }
            Action::Wheel { dx, dy, modifiers } => {
                self.0.modifiers(held(*modifiers));
                self.0.wheel(f64::from(*dx), f64::from(*dy));
            }
            Action::Key { code, pressed, modifiers } => {
                self.0.modifiers(held(*modifiers));
                self.0.key(u32::from(*code), *pressed);
            }
            Action::Text { text } => {
                self.herald(held(Mask::default()));
                self.0.text(text.reveal().clone());
            }
            Action::Compose { text } => {
                self.herald(held(Mask::default()));
                self.0.compose(text.reveal().clone());
            }
            Action::Touch { slot, phase, x, y } => {
                self.0.modifiers(held(Mask::default()));
                self.0.touch(i32::from(*slot), phase_of(*phase), f64::from(*x), below_strip(*y))
            }
            Action::Navigate { to } => return browser.navigate(to, sites),
            Action::Tab { tab, close } => {
                browser.tab(*tab, *close);
            }
            Action::NewTab => return browser.new_tab(),
            Action::OpenLink { menu, image } => return browser.open_link(*menu, *image, sites),
            Action::Choose { picker, chosen } => browser.choose(*picker, chosen, permit.is_customers()),
            Action::Reach { node } => browser.reach(*node),
            Action::Answer { dialog, answer } => browser.answer(*dialog, answer),
            Action::Find { text, backwards } => browser.find(text, *backwards),
            Action::File { input } => browser.file(input),
            Action::Resize { viewport, device } => self.resize(*viewport, device.clone(), browser),
            Action::Hide { x, y } => browser.hide_at(f64::from(*x), below_strip(*y)),
            Action::Pick { id, x, y } => browser.pick_at(*id, f64::from(*x), below_strip(*y)),
            Action::Matches => browser.count_matches(),
        }
        Ok(())
    }

    fn herald(&self, sender: Modifiers) {
        self.0.modifiers(sender);
        self.0.key(HERALD, true);
        self.0.key(HERALD, false);
    }

    /// Gives window and pages another size.
    pub fn resize(&self, viewport: Viewport, device: Option<Device>, browser: &mut Browser) {
        let (width, height) = window_of(viewport);
        self.0.resize(Size { width, height }, f64::from(viewport.scale));
        browser.set_device(viewport, device);
    }

    /// Fetches the text on the browser's clipboard.
    pub fn clipboard(&self, reply: impl FnOnce(Option<Private<String>>) + Send + 'static) {
        self.0.clipboard(reply);
    }

    /// Whether what Chromium lays over its window by itself is shown: suggestions for a field, but also what it says of full screen and offers for selected text.
    pub fn bubbles(&self, are_shown: bool) {
        self.0.bubbles(are_shown);
    }

    /// Frames a second that Chromium may paint; 0 while nobody looks.
    pub fn pace(&self, hertz: u32) {
        self.0.pace(hertz);
    }
}

/// Whether a page may not be the same afterwards.
fn changes_page(action: &Action) -> bool {
    match action {
        Action::Button { .. }
        | Action::Key { .. }
        | Action::Text { .. }
        | Action::Compose { .. }
        | Action::Touch { .. }
        | Action::Wheel { .. }
        | Action::Navigate { .. }
        | Action::Tab { .. }
        | Action::NewTab
        | Action::OpenLink { .. }
        | Action::Answer { .. }
        | Action::Choose { .. }
        | Action::Reach { .. }
        | Action::Hide { .. } => true,
        Action::Move { .. }
        | Action::File { .. }
        | Action::Find { .. }
        | Action::Resize { .. }
        | Action::Pick { .. }
        | Action::Matches => false,
    }
}

/// The page's picture begins below the marker's rows.
fn below_strip(y: f32) -> f64 {
    f64::from(y) + f64::from(STRIP)
}

/// Linux `input-event-codes.h`.
fn code_of(button: MouseButton) -> u32 {
    match button {
        MouseButton::Left => 0x110,
        MouseButton::Right => 0x111,
        MouseButton::Middle => 0x112,
        MouseButton::Back => 0x113,
        MouseButton::Forward => 0x114,
    }
}

fn phase_of(phase: TouchPhase) -> SeatPhase {
    match phase {
        TouchPhase::Start => SeatPhase::Down,
        TouchPhase::Move => SeatPhase::Motion,
        TouchPhase::End => SeatPhase::Up,
        TouchPhase::Cancel => SeatPhase::Cancel,
    }
}
