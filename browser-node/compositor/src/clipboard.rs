//! Copy, paste and drag within the browser (`wl_data_device`). What the page copied is handed back to the page alone.

use crate::globals::plain_global;
use crate::state::{LIMIT, State};
use crate::surface::Id;
use std::os::fd::AsFd;
use std::sync::Mutex;
use wayland_server::backend::ClientId;
use wayland_server::protocol::{
    wl_data_device::{self, WlDataDevice},
    wl_data_device_manager::{self, DndAction, WlDataDeviceManager},
    wl_data_offer::{self, WlDataOffer},
    wl_data_source::{self, WlDataSource},
};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

plain_global!(WlDataDeviceManager);

#[derive(Default)]
pub(crate) struct Clipboard {
    devices: Vec<WlDataDevice>,
    selection: Option<WlDataSource>,
    drag: Option<Drag>,
}

struct Drag {
    /// None while a client drags within itself and offers nothing.
    source: Option<WlDataSource>,
    over: Option<Id>,
}

impl Clipboard {
    pub(crate) fn is_dragging(&self) -> bool {
        self.drag.is_some()
    }
}

/// The types a source offers.
type Types = Mutex<Vec<String>>;

fn types(source: &WlDataSource) -> Vec<String> {
    source
        .data::<Types>()
        .map(|t| t.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone())
        .unwrap_or_default()
}

impl Dispatch<WlDataDeviceManager, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlDataDeviceManager,
        request: wl_data_device_manager::Request,
        _: &(),
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_data_device_manager::Request::CreateDataSource { id } => drop(init.init(id, Types::default())),
            wl_data_device_manager::Request::GetDataDevice { id, .. } => {
                state.clipboard.devices.retain(Resource::is_alive);
                state.clipboard.devices.push(init.init(id, ()));
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataSource, Types> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WlDataSource,
        request: wl_data_source::Request,
        types: &Types,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let wl_data_source::Request::Offer { mime_type } = request {
            let mut types = types.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if types.len() < LIMIT {
                types.push(mime_type);
            }
        }
    }

    fn destroyed(state: &mut State, _: ClientId, source: &WlDataSource, _: &Types) {
        state.clipboard.selection.take_if(|s| s == source);
        state.clipboard.drag.take_if(|d| d.source.as_ref() == Some(source));
    }
}

impl Dispatch<WlDataDevice, ()> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlDataDevice,
        request: wl_data_device::Request,
        _: &(),
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_data_device::Request::SetSelection { source, .. } => {
                if let Some(old) = std::mem::replace(&mut state.clipboard.selection, source).filter(Resource::is_alive)
                {
                    old.cancelled();
                }
                state.offer_selection();
            }
            wl_data_device::Request::StartDrag { source, icon, .. } => {
                if let Some(icon) = icon {
                    state.hide(&icon);
                }
                state.leave_pointer();
                state.clipboard.drag = Some(Drag { source, over: None });
                state.drag_motion();
            }
            _ => {}
        }
    }
}

/// An offer hands what its source gives to whoever asks.
impl Dispatch<WlDataOffer, Option<WlDataSource>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WlDataOffer,
        request: wl_data_offer::Request,
        source: &Option<WlDataSource>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        if let (wl_data_offer::Request::Receive { mime_type, fd }, Some(source)) = (request, source)
            && source.is_alive()
        {
            source.send(mime_type, fd.as_fd());
        }
    }
}

impl State {
    fn offer(&self, device: &WlDataDevice, source: &Option<WlDataSource>) -> Option<WlDataOffer> {
        let client = device.client()?;
        let offer = client
            .create_resource::<WlDataOffer, Option<WlDataSource>, State>(
                &self.display,
                device.version(),
                source.clone(),
            )
            .ok()?;
        device.data_offer(&offer);
        source.iter().flat_map(types).for_each(|kind| offer.offer(kind));
        Some(offer)
    }

    /// Tells the focused window what can be pasted.
    pub(crate) fn offer_selection(&mut self) {
        for device in self.clipboard.devices.iter().filter(|d| d.is_alive()) {
            let offer =
                self.clipboard.selection.is_some().then(|| self.offer(device, &self.clipboard.selection)).flatten();
            device.selection(offer.as_ref());
        }
    }

    /// The dragged thing moved to where the pointer is.
    pub(crate) fn drag_motion(&mut self) {
        let (x, y) = self.seat.at;
        let (Some(over), Some(drag)) = (self.surface_at(x, y), &self.clipboard.drag) else { return };
        let (local_x, local_y) = self.local(over, (x, y));
        let Some(device) = self.clipboard.devices.iter().find(|d| d.is_alive()).cloned() else { return };
        if drag.over != Some(over) {
            if drag.over.is_some() {
                device.leave();
            }
            let source = drag.source.clone();
            let Some(offer) = self.offer(&device, &source) else { return };
            let actions = DndAction::Copy | DndAction::Move;
            if offer.version() >= 3 {
                offer.source_actions(actions);
                offer.action(DndAction::Copy);
            }
            let serial = self.serial();
            let Some(surface) = self.surfaces.get(&over) else { return };
            device.enter(serial, &surface.resource, local_x, local_y, Some(&offer));
            if let Some(source) = source.filter(|s| s.version() >= 3 && s.is_alive()) {
                source.action(DndAction::Copy);
                source.target(types(&source).into_iter().next());
            }
            if let Some(drag) = &mut self.clipboard.drag {
                drag.over = Some(over);
            }
        }
        device.motion(self.time(), local_x, local_y);
    }

    /// The button was released while something was dragged.
    pub(crate) fn drop_dragged(&mut self) {
        let Some(drag) = self.clipboard.drag.take() else { return };
        if let Some(device) = self.clipboard.devices.iter().find(|d| d.is_alive()) {
            device.drop();
            if let Some(source) = drag.source.filter(|s| s.version() >= 3 && s.is_alive()) {
                source.dnd_drop_performed();
            }
            device.leave();
        }
        let (x, y) = self.seat.at;
        self.motion(x, y);
    }
}
