//! Copy and paste (`wl_data_device`): what the page copied, or what we put there for it.

use crate::drag::DragOffer;
use crate::globals::plain_global;
use crate::state::{Kept, State, lock};
use crate::transfer::Transfers;
use crate::{Reply, surfaces::id_of};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use tandem_protocol::Private;
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_data_device::{self, WlDataDevice};
use wayland_server::protocol::wl_data_device_manager::{self, DndAction, WlDataDeviceManager};
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::{self, WlDataSource};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum};

plain_global!(WlDataDeviceManager);

/// Names under which text goes, the preferred one first.
const TEXT: [&str; 3] = ["text/plain;charset=utf-8", "UTF8_STRING", "text/plain"];
/// More than Chromium ever offers.
const MOST_TYPES: usize = 64;

#[derive(Default)]
pub(crate) struct Clipboard {
    devices: Vec<WlDataDevice>,
    selection: Option<Selection>,
    transfers: Transfers,
}

/// Who gives what is on the clipboard.
#[derive(Clone)]
enum Selection {
    Page(WlDataSource),
    Ours(Arc<Private<String>>),
}

/// What a source can give.
#[derive(Default)]
pub(crate) struct Given {
    types: Vec<String>,
    /// What may be done with it when it is dragged.
    actions: Option<DndAction>,
}

/// What an offer stands for.
pub(crate) enum Offered {
    Selection(Selected),
    Drag(DragOffer),
}

/// A selection at the time of its offer.
pub(crate) struct Selected(Selection);

pub(crate) fn types(source: &WlDataSource) -> Vec<String> {
    source.data::<Kept<Mutex<Given>>>().map(|given| lock(&given.value).types.clone()).unwrap_or_default()
}

/// Sources that say nothing about it copy.
pub(crate) fn actions(source: &WlDataSource) -> DndAction {
    source.data::<Kept<Mutex<Given>>>().and_then(|given| lock(&given.value).actions).unwrap_or(DndAction::Copy)
}

impl State {
    /// The one device, of the one client, that is told about selections and drags.
    pub(crate) fn data_device(&self) -> Option<WlDataDevice> {
        self.clipboard.devices.iter().find(|d| d.is_alive()).cloned()
    }

    /// Makes an offer; the device has not been told yet what it is for.
    pub(crate) fn offer(&self, device: &WlDataDevice, offered: Offered, types: Vec<String>) -> Option<WlDataOffer> {
        let client = self.client.as_ref()?;
        let offered = self.kept(offered);
        let offer = client.create_resource::<WlDataOffer, _, State>(&self.display, device.version(), offered).ok()?;
        device.data_offer(&offer);
        types.into_iter().for_each(|kind| offer.offer(kind));
        Some(offer)
    }

    /// Tells the focused window what can be pasted.
    pub(crate) fn offer_selection(&self) {
        let Some(device) = self.data_device() else { return };
        let types = match &self.clipboard.selection {
            Some(Selection::Page(source)) => types(source),
            Some(Selection::Ours(_)) => TEXT.map(str::to_owned).into(),
            None => return device.selection(None),
        };
        let offered = self.clipboard.selection.clone().map(|s| Offered::Selection(Selected(s)));
        device.selection(offered.and_then(|offered| self.offer(&device, offered, types)).as_ref());
    }

    /// Puts something else on the clipboard. Its source before learns that it is needed no more.
    fn select(&mut self, selection: Option<Selection>) {
        if let Some(Selection::Page(old)) = std::mem::replace(&mut self.clipboard.selection, selection) {
            old.cancelled();
        }
        self.offer_selection();
    }

    pub(crate) fn set_clipboard(&mut self, text: String) {
        self.select(Some(Selection::Ours(Arc::new(Private::new(text)))));
    }

    pub(crate) fn read_clipboard(&mut self, reply: Reply) {
        match &self.clipboard.selection {
            Some(Selection::Ours(text)) => reply(Some(Private::clone(text))),
            Some(Selection::Page(source)) => {
                let offered = types(source);
                let kind = TEXT.into_iter().find(|kind| offered.iter().any(|o| o == kind));
                let Some((kind, (read, write))) = kind.zip(std::io::pipe().ok()) else { return reply(None) };
                source.send(kind.to_owned(), write.as_fd());
                self.clipboard.transfers.read(read.into(), reply);
            }
            None => reply(None),
        }
    }
}

impl Dispatch<WlDataDeviceManager, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlDataDeviceManager,
        request: wl_data_device_manager::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        init: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_data_device_manager::Request::CreateDataSource { id } => {
                state.keep(init, id, Mutex::new(Given::default()));
            }
            wl_data_device_manager::Request::GetDataDevice { id, .. } => {
                state.clipboard.devices.retain(Resource::is_alive);
                let device = state.keep(init, id, ());
                state.clipboard.devices.push(device);
                state.offer_selection();
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataSource, Kept<Mutex<Given>>> for State {
    fn request(
        _: &mut State,
        _: &Client,
        _: &WlDataSource,
        request: wl_data_source::Request,
        given: &Kept<Mutex<Given>>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        let mut given = lock(&given.value);
        match request {
            wl_data_source::Request::Offer { mime_type } if given.types.len() < MOST_TYPES => {
                given.types.push(mime_type)
            }
            wl_data_source::Request::SetActions { dnd_actions: WEnum::Value(actions) } => given.actions = Some(actions),
            _ => {}
        }
    }

    fn destroyed(state: &mut State, _: ClientId, source: &WlDataSource, _: &Kept<Mutex<Given>>) {
        if matches!(&state.clipboard.selection, Some(Selection::Page(s)) if s == source) {
            state.clipboard.selection = None;
            state.offer_selection();
        }
        state.drag_lost_source(source);
    }
}

impl Dispatch<WlDataDevice, Kept<()>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        _: &WlDataDevice,
        request: wl_data_device::Request,
        _: &Kept<()>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        match request {
            wl_data_device::Request::SetSelection { source, .. } => {
                let has_text =
                    source.as_ref().is_some_and(|s| types(s).iter().any(|kind| TEXT.contains(&kind.as_str())));
                state.select(source.map(Selection::Page));
                if has_text {
                    state.sink.copied();
                }
            }
            wl_data_device::Request::StartDrag { source, icon, .. } => {
                if let Some(icon) = icon.as_ref().and_then(id_of) {
                    state.hide(icon);
                }
                state.start_drag(source);
            }
            _ => {}
        }
    }
}

impl Dispatch<WlDataOffer, Kept<Offered>> for State {
    fn request(
        state: &mut State,
        _: &Client,
        offer: &WlDataOffer,
        request: wl_data_offer::Request,
        offered: &Kept<Offered>,
        _: &DisplayHandle,
        _: &mut DataInit<'_, State>,
    ) {
        match (&offered.value, request) {
            (
                Offered::Selection(Selected(Selection::Page(source))),
                wl_data_offer::Request::Receive { mime_type, fd },
            ) => {
                source.send(mime_type, fd.as_fd());
            }
            (Offered::Selection(Selected(Selection::Ours(text))), wl_data_offer::Request::Receive { fd, .. }) => {
                state.clipboard.transfers.write(fd, text.clone());
            }
            (Offered::Selection(_), _) => {}
            (Offered::Drag(drag), request) => drag.request(offer, request),
        }
    }

    fn destroyed(_: &mut State, _: ClientId, _: &WlDataOffer, offered: &Kept<Offered>) {
        if let Offered::Drag(drag) = &offered.value {
            drag.abandoned();
        }
    }
}
