//! The screen Chromium believes it has: as large as its window.

use crate::globals::deaf;
use crate::state::{Kept, State};
use wayland_server::protocol::wl_output::{self, WlOutput};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

deaf!(WlOutput);

impl GlobalDispatch<WlOutput, ()> for State {
    fn bind(
        state: &mut State,
        _: &DisplayHandle,
        _: &Client,
        new: New<WlOutput>,
        _: &(),
        init: &mut DataInit<'_, State>,
    ) {
        let output = state.keep(init, new, ());
        // Millimetres at 96 dots an inch; Chromium takes its scale from the protocol and not from this.
        let millimetres = |side: u32| (f64::from(side) * 0.264_583) as i32;
        let (width, height) = (millimetres(state.window.width), millimetres(state.window.height));
        let (subpixel, transform) = (wl_output::Subpixel::None, wl_output::Transform::Normal);
        output.geometry(0, 0, width, height, subpixel, "Tandem".into(), "screen".into(), transform);
        if output.version() >= 4 {
            output.name("TANDEM-1".into());
        }
        state.describe_output(&output);
        state.outputs.retain(Resource::is_alive);
        state.outputs.push(output);
    }
}

impl State {
    /// Tells a client the output's size and scale, at first and after each change.
    fn describe_output(&self, output: &WlOutput) {
        let device = |side: u32| (f64::from(side) * self.scale).round() as i32;
        output.mode(
            wl_output::Mode::Current,
            device(self.window.width),
            device(self.window.height),
            self.refresh as i32 * 1000,
        );
        if output.version() >= 2 {
            output.scale(self.scale.ceil() as i32);
        }
        if output.version() >= 2 {
            output.done();
        }
    }

    pub(crate) fn resize(&mut self, window: crate::Size, scale: f64) {
        if (self.window, self.scale) == (window, scale) {
            return;
        }
        (self.window, self.scale) = (window, scale);
        self.outputs.iter().for_each(|output| self.describe_output(output));
        for fractional in self.tree.all().filter_map(|s| s.fractional.as_ref()) {
            fractional.preferred_scale((scale * 120.0).round() as u32);
        }
        for id in self.tree.windows() {
            self.configure(id);
        }
    }
}
