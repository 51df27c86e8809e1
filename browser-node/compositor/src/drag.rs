//! Drag and drop within the browser (`wl_data_device.start_drag`), by the pointer or by the finger that began it.

use crate::clipboard::{Offered, actions, types};
use crate::state::{Kept, State, lock};
use crate::surface::Id;
use std::os::fd::AsFd;
use std::sync::Mutex;
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::WlDataSource;
use wayland_server::{Resource, WEnum};

pub(crate) struct Drag {
    /// None while a client drags within itself and offers nothing.
    source: Option<WlDataSource>,
    over: Option<Id>,
    offer: Option<WlDataOffer>,
    at: (f64, f64),
}

/// What stands behind the offer of a drag: one for each surface that it comes over.
pub(crate) struct DragOffer {
    source: Option<WlDataSource>,
    stage: Mutex<Stage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Dragged,
    Dropped,
    Finished,
}

impl DragOffer {
    pub(crate) fn request(&self, offer: &WlDataOffer, request: wl_data_offer::Request) {
        let Some(source) = &self.source else { return };
        let talks_of_actions = source.version() >= 3;
        match request {
            wl_data_offer::Request::Receive { mime_type, fd } => source.send(mime_type, fd.as_fd()),
            wl_data_offer::Request::Accept { mime_type, .. } => source.target(mime_type),
            wl_data_offer::Request::SetActions { dnd_actions: WEnum::Value(wanted), preferred_action }
                if talks_of_actions =>
            {
                let preferred = preferred_action.into_result().unwrap_or(DndAction::None);
                let action = choose(actions(source), wanted, preferred);
                offer.action(action);
                source.action(action);
            }
            wl_data_offer::Request::Finish if *lock(&self.stage) == Stage::Dropped && talks_of_actions => {
                *lock(&self.stage) = Stage::Finished;
                source.dnd_finished();
            }
            _ => {}
        }
    }

    /// The target let go of the offer. If it did so after a drop it never finished, the source has to learn that.
    pub(crate) fn abandoned(&self) {
        if let (Some(source), Stage::Dropped) = (&self.source, *lock(&self.stage)) {
            source.cancelled();
        }
    }
}

/// What is to be done: what the target prefers if the source can give it, else the first that both can.
fn choose(given: DndAction, wanted: DndAction, preferred: DndAction) -> DndAction {
    let both = given & wanted;
    let order = [preferred, DndAction::Copy, DndAction::Move, DndAction::Ask];
    order.into_iter().find(|action| !action.is_empty() && both.contains(*action)).unwrap_or(DndAction::None)
}

impl State {
    /// A drag that begins after the hand has let go would never end, and take every input with it.
    pub(crate) fn start_drag(&mut self, source: Option<WlDataSource>) {
        if !self.seat.holds_anything() {
            return source.iter().for_each(WlDataSource::cancelled);
        }
        let at = self.seat.held_at();
        self.leave_pointer();
        self.drag = Some(Drag { source, over: None, offer: None, at });
        self.drag_to(at);
    }

    /// What is dragged moved (logical pixels of the window).
    pub(crate) fn drag_to(&mut self, at: (f64, f64)) {
        let serial = self.serial();
        let time = self.time();
        let (Some(over), Some(device), Some(mut drag)) =
            (self.tree.surface_at(at), self.data_device(), self.drag.take())
        else {
            return;
        };
        let (x, y) = self.tree.local(over, at);
        drag.at = at;
        if drag.over != Some(over)
            && let Some(surface) = self.tree.get(over)
        {
            if drag.over.is_some() {
                device.leave();
            }
            let offered = DragOffer { source: drag.source.clone(), stage: Mutex::new(Stage::Dragged) };
            let offered_types = drag.source.as_ref().map(types).unwrap_or_default();
            drag.offer = self.offer(&device, Offered::Drag(offered), offered_types);
            if let (Some(offer), Some(source)) = (&drag.offer, &drag.source)
                && offer.version() >= 3
            {
                offer.source_actions(actions(source));
            }
            device.enter(serial, &surface.resource, x, y, drag.offer.as_ref());
            drag.over = Some(over);
        }
        device.motion(time, x, y);
        self.drag = Some(drag);
    }

    /// The button or the finger was lifted.
    pub(crate) fn drop_dragged(&mut self) {
        let Some(drag) = self.drag.take() else { return };
        if let Some(device) = self.data_device() {
            if let Some(Kept { value: Offered::Drag(offer), .. }) =
                drag.offer.as_ref().and_then(Resource::data::<Kept<Offered>>)
            {
                *lock(&offer.stage) = Stage::Dropped;
            }
            device.drop();
            if let Some(source) = drag.source.filter(|s| s.version() >= 3) {
                source.dnd_drop_performed();
            }
            device.leave();
        }
        self.motion_if_known();
    }

    /// Ends a drag without a drop.
    pub(crate) fn cancel_drag(&mut self) {
        let Some(drag) = self.drag.take() else { return };
        if let Some(device) = self.data_device().filter(|_| drag.over.is_some()) {
            device.leave();
        }
        drag.source.inspect(WlDataSource::cancelled);
    }

    pub(crate) fn drag_lost_source(&mut self, source: &WlDataSource) {
        if self.drag.as_ref().is_some_and(|d| d.source.as_ref() == Some(source)) {
            self.cancel_drag();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_one_that_both_sides_can() {
        use DndAction as A;
        for (given, wanted, preferred, expected) in [
            (A::Copy | A::Move, A::Copy | A::Move, A::Move, A::Move),
            (A::Copy | A::Move, A::Copy | A::Move, A::None, A::Copy),
            (A::Copy, A::Copy | A::Move, A::Move, A::Copy),
            (A::Copy, A::Move, A::Move, A::None),
            (A::None, A::all(), A::Copy, A::None),
        ] {
            assert_eq!(choose(given, wanted, preferred), expected, "{given:?} {wanted:?} {preferred:?}");
        }
    }
}
