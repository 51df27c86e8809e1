//! What the worker asks of Chromium by CDP: tabs, navigation, viewport. Input goes by the seat.

mod asks;
mod device;
mod files;
mod guard;

pub use device::window_of;
pub use files::Store;

use super::address::address;
use super::dialogs::Dialogs;
use super::drawings::Anchored;
use super::native::Native;
use super::own;
use super::requests::{self, NOWHERE, Requests};
use super::tabs::{LIMIT, Tabs};
use chromiumoxide_cdp::cdp::browser_protocol::browser::{GetVersionParams, GetVersionReturns};
use chromiumoxide_cdp::cdp::browser_protocol::inspector::EventTargetCrashed;
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    self, EventFrameNavigated, EventFrameStartedLoading, EventFrameStoppedLoading, EventJavascriptDialogClosed,
    EventJavascriptDialogOpening, EventNavigatedWithinDocument, GetNavigationHistoryParams,
    GetNavigationHistoryReturns, NavigateParams, NavigateToHistoryEntryParams, ReloadParams,
    ResetNavigationHistoryParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    ActivateTargetParams, CloseTargetParams, CreateTargetParams, EventAttachedToTarget, EventTargetInfoChanged,
    FilterEntry, GetTargetInfoParams, SetAutoAttachParams, SetDiscoverTargetsParams, TargetFilter, TargetId,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    self, AddBindingParams, EvaluateParams, EventBindingCalled, EventExecutionContextCreated,
    EventExecutionContextsCleared, RunIfWaitingForDebuggerParams,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tandem_cdp::{CdpError, Event, Handle, Session};
use tandem_egress::Refusals;
use tandem_masking::Extension;
use tandem_protocol::input::Navigation;
use tandem_protocol::native::{Lack, Pickable, Picker};
use tandem_protocol::notice::{Denied, FieldKind, Tab, Thing};
use tandem_protocol::outline::OutlineNode;
use tandem_protocol::policy::{Policy, Sites};
use tandem_protocol::{Device, InputId, Private, TabId, Viewport, limits};
use tokio::sync::mpsc;
use url::Url;

/// What changed in the browser.
#[derive(Debug)]
pub enum FromBrowser {
    Tabs,
    /// One more tab was opened than there may be, and is closed.
    TooManyTabs,
    /// Somebody is asked something, or nobody is any more.
    Dialogs,
    /// A page asks for files, or does not any more.
    Chooser,
    /// Files for the customer came, changed or went.
    Downloads,
    /// A tab shows another page.
    Navigated(TabId),
    Guard(TabId, FromGuard),
    Crashed(TabId),
    /// The whole browser ended.
    Gone,
}

/// What a page's guard says (`gate.js`, `title.js`, `pick.js`, `errands.js`, `anchors.js`, `outline.js`, `menu.js`, `pickers.js`, `lacks.js`).
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromGuard {
    /// Somebody other than the customer was kept from something.
    Denied { why: Denied },
    /// Where the customer points (CSS pixels of the window), when agents may know; and whether they pressed or let go.
    Pointer { at: Option<[f32; 2]>, pressed: Option<bool> },
    /// The customer's finger has come down on a text field of this kind, or on none.
    Touched { field: Option<FieldKind> },
    /// The script of a page of this title prints.
    Print { title: Private<String> },
    /// A phone's page is shown so large that only a part of it is to be seen.
    Enlarged,
    /// Somebody wants a menu that the page does not have.
    Menu(Box<Wanted>),
    /// A field has opened what it is to be chosen from, or closed it.
    Picker { picker: Option<Box<Opened>> },
    /// The page wants what this browser does not have.
    Lacks { lack: Lack },
    /// The page's icon, a PNG in base64, and whether it came from a web address.
    Icon { png: Option<String>, web: bool },
    /// Whether the focus is in something hidden, and in a field for which the page has suggestions.
    Focus { hidden: bool, suggests: bool },
    /// Where something is hidden (left, top, width, height in CSS pixels of the window); empty while that moves.
    Areas { areas: Vec<[f32; 4]> },
    /// Something is hidden from the frame of this number on, and the guard waits until no earlier frame can be shown to agents.
    Closing { counter: u64 },
    /// The page's title, unless there is something hidden in it.
    Title { title: Option<String> },
    /// What is at the place that was asked for (its area in CSS pixels of the window).
    Picked { id: InputId, thing: Option<Box<Thing>> },
    /// What is on the page, for people who do not see it.
    Outline { focus: Option<u32>, nodes: Vec<OutlineNode> },
    /// Where something of it is now (CSS pixels of the window).
    Reached { node: u32, at: [f32; 2] },
    /// Where the anchors of drawings are, those that have moved (CSS pixels of the window).
    Anchors { places: Vec<Anchored> },
    /// Whether nothing is hidden under or within a customer's drawing.
    Judged { id: u32, clear: bool },
    /// Whether what was looked for is on the page.
    Found { found: bool },
    /// Somebody other than the customer copied this, in which nothing is hidden.
    Copied { text: Private<String> },
    /// An address that is for a person's own device.
    Handed { url: Private<String> },
    /// How many things each of the company's own rules finds; `lesson` is that of the policy by which the page goes.
    Matches { lesson: u32, masking: Vec<Option<u32>>, blocking: Vec<Option<u32>> },
}

/// A menu that somebody wants (`menu.js`).
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// Whether it is the customer.
    pub customers: bool,
    /// CSS pixels of the window.
    pub at: [f32; 2],
    /// Where the link leads that is there.
    pub link: Option<Private<String>>,
    /// Where the image is from that is there.
    pub image: Option<Private<String>>,
    pub selection: bool,
    pub editable: bool,
    pub hidden: bool,
}

/// What a field has opened (`pickers.js`).
#[derive(Debug, Deserialize)]
pub struct Opened {
    /// Known to this page's guard.
    pub number: u32,
    /// Whether it was the customer.
    pub customers: bool,
    /// The field's upper left corner, and its size (CSS pixels of the window).
    pub at: [f32; 2],
    pub size: [f32; 2],
    pub label: Private<String>,
    pub hidden: bool,
    pub of: Pickable,
}

struct Page {
    handle: Handle,
    target: TargetId,
    /// The world of the guard in the top document, once it runs.
    guard: Option<i64>,
}

/// The browser as the worker knows it. [`Self::next`] must be polled for it to stay true.
pub struct Browser {
    handle: Handle,
    events: mpsc::Receiver<Event>,
    page_events: mpsc::Receiver<(TabId, Option<Event>)>,
    page_events_in: mpsc::Sender<(TabId, Option<Event>)>,
    pages: HashMap<TabId, Page>,
    tabs: Tabs,
    viewport: Viewport,
    device: Device,
    /// Nobody has done anything to a page so far.
    untouched: bool,
    /// The session's first page, and whether it has come.
    first: Option<Url>,
    arrived: bool,
    user_agent: String,
    language: String,
    /// The name of the guards' worlds, and of where they are found there.
    guard: String,
    binding: String,
    /// A policy of which no guard has said yet that it is kept, and how many there have been.
    unlearnt: Option<Policy>,
    lessons: u32,
    requests: Requests,
    dialogs: Dialogs,
    native: Native,
    /// Whether anybody listens to the page.
    is_heard: bool,
    files: Store,
}

/// The events that are read; Chromium's others are dropped at the door.
pub fn is_wanted(method: &str) -> bool {
    [
        EventTargetInfoChanged::IDENTIFIER,
        EventTargetCrashed::IDENTIFIER,
        EventFrameNavigated::IDENTIFIER,
        EventNavigatedWithinDocument::IDENTIFIER,
        EventFrameStartedLoading::IDENTIFIER,
        EventFrameStoppedLoading::IDENTIFIER,
        EventExecutionContextCreated::IDENTIFIER,
        EventExecutionContextsCleared::IDENTIFIER,
        EventBindingCalled::IDENTIFIER,
        requests::PAUSED,
        requests::AUTH_REQUIRED,
        EventJavascriptDialogOpening::IDENTIFIER,
        EventJavascriptDialogClosed::IDENTIFIER,
        files::CHOOSER_OPENED,
        files::DOWNLOAD_BEGINS,
        files::DOWNLOAD_PROGRESS,
    ]
    .contains(&method)
}

impl Browser {
    /// Takes the browser over: from now on every tab reports itself before its first script runs.
    pub async fn attach(
        session: Session,
        viewport: Viewport,
        extension: &Extension,
        refusals: Refusals,
        files: Store,
    ) -> Result<Browser, CdpError> {
        let (page_events_in, page_events) = mpsc::channel(1024);
        let Session { handle, events } = session;
        let version: GetVersionReturns = call(&handle, GetVersionParams::IDENTIFIER, GetVersionParams {}).await?;
        let pages = TargetFilter::new(vec![FilterEntry { exclude: Some(false), r#type: Some("page".into()) }]);
        let discover = SetDiscoverTargetsParams { discover: true, filter: Some(pages.clone()) };
        handle.call::<serde::de::IgnoredAny>(SetDiscoverTargetsParams::IDENTIFIER, discover).await?;
        let attach = SetAutoAttachParams {
            auto_attach: true,
            wait_for_debugger_on_start: true,
            flatten: Some(true),
            filter: Some(pages),
        };
        handle.call::<serde::de::IgnoredAny>(SetAutoAttachParams::IDENTIFIER, attach).await?;
        files.take_downloads(&handle).await?;
        asks::refuse(&handle).await?;
        let (pages, tabs, language) = (HashMap::new(), Tabs::default(), "en".to_owned());
        Ok(Browser {
            handle,
            events,
            page_events,
            page_events_in,
            pages,
            tabs,
            viewport,
            device: device::unknown(viewport),
            untouched: true,
            first: None,
            arrived: false,
            user_agent: version.user_agent,
            language,
            guard: extension.name().to_owned(),
            binding: extension.binding(),
            unlearnt: None,
            lessons: 0,
            requests: Requests::new(refusals),
            dialogs: Dialogs::default(),
            native: Native::default(),
            is_heard: false,
            files,
        })
    }

    pub fn tabs(&self) -> &[Tab] {
        self.tabs.list()
    }

    pub fn active(&self) -> Option<TabId> {
        self.tabs.active()
    }

    /// The next change. Cancelling it loses nothing.
    pub async fn next(&mut self) -> FromBrowser {
        loop {
            let change = tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.browser_event(event),
                    None => Some(FromBrowser::Gone),
                },
                Some((tab, event)) = self.page_events.recv() => match event {
                    Some(event) => self.page_event(tab, &event),
                    None => self.closed(tab),
                },
                Some(done) = self.files.done() => self.file_done(done),
            };
            if let Some(change) = change {
                return change;
            }
        }
    }

    fn browser_event(&mut self, event: Event) -> Option<FromBrowser> {
        match &*event.method {
            EventAttachedToTarget::IDENTIFIER => {
                let attached: EventAttachedToTarget = event.parse().ok()?;
                let session = event.attached?;
                if self.pages.len() >= LIMIT {
                    let close = CloseTargetParams { target_id: attached.target_info.target_id };
                    self.handle.tell(CloseTargetParams::IDENTIFIER, close).ok()?;
                    return Some(FromBrowser::TooManyTabs);
                }
                self.opened(attached.target_info.target_id, attached.target_info.url, session);
                Some(FromBrowser::Tabs)
            }
            EventTargetInfoChanged::IDENTIFIER => self.info_changed(&event),
            files::DOWNLOAD_BEGINS | files::DOWNLOAD_PROGRESS => self.downloads(&event),
            _ => None,
        }
    }

    fn info_changed(&mut self, event: &Event) -> Option<FromBrowser> {
        let info = event.parse::<EventTargetInfoChanged>().ok()?.target_info;
        let tab = self.pages.iter().find(|(_, page)| page.target == info.target_id).map(|(tab, _)| *tab)?;
        self.changed(tab, |tab| {
            tab.title = Private::new(info.title);
            tab.url = Private::new(info.url);
        })
    }

    fn opened(&mut self, target: TargetId, url: String, session: Session) {
        let tab = self.tabs.open(url);
        let Session { handle, mut events } = session;
        let (requests, asked) = (self.requests.clone(), handle.clone());
        let page = Page { handle, target, guard: None };
        self.prepare(&page);
        self.pages.insert(tab, page);
        let forward = self.page_events_in.clone();
        let asks = self.files.asks();
        tokio::spawn(async move {
            while let Some(mut event) = events.recv().await {
                if let Some(frame) = event.attached.take() {
                    files::watch_frame(tab, frame, asks.clone());
                    continue;
                }
                let is_answered = &*event.method == requests::PAUSED && requests.answer(&asked, &event);
                if !is_answered && forward.send((tab, Some(event))).await.is_err() {
                    return;
                }
            }
            let _ = forward.send((tab, None)).await;
        });
    }

    /// Sets a page up before its first script runs. Sent in one go; commands of a target are carried out in order.
    fn prepare(&self, page: &Page) {
        tell(&page.handle, page::EnableParams::IDENTIFIER, page::EnableParams::default());
        let binding = AddBindingParams { name: self.binding.clone(), execution_context_name: Some(self.guard.clone()) };
        tell(&page.handle, AddBindingParams::IDENTIFIER, binding);
        tell(&page.handle, runtime::EnableParams::IDENTIFIER, runtime::EnableParams {});
        self.emulate(page);
        files::intercept(&page.handle);
        asks::no_passkeys(&page.handle);
        requests::hold(&page.handle, false);
        tell(&page.handle, RunIfWaitingForDebuggerParams::IDENTIFIER, RunIfWaitingForDebuggerParams {});
    }

    fn closed(&mut self, tab: TabId) -> Option<FromBrowser> {
        self.pages.remove(&tab);
        self.dialogs.gone(tab);
        self.native.gone(tab);
        self.files.left(tab);
        if let Some(next) = self.tabs.close(tab) {
            self.bring_to_front(next);
        }
        Some(FromBrowser::Tabs)
    }

    fn page_event(&mut self, tab: TabId, event: &Event) -> Option<FromBrowser> {
        match &*event.method {
            EventTargetCrashed::IDENTIFIER => {
                // A crashed page never answers what is under way.
                self.pages.get(&tab)?.handle.fail_pending();
                self.changed(tab, |tab| {
                    tab.crashed = true;
                    tab.loading = false;
                });
                Some(FromBrowser::Crashed(tab))
            }
            EventFrameNavigated::IDENTIFIER => {
                let Navigated { frame } = event.parse().ok()?;
                if frame.parent_id.is_some() {
                    return None;
                }
                self.ask_history(tab);
                self.arrived |= self.first.is_some() && frame.url != NOWHERE;
                self.dialogs.another_page(tab);
                self.native.another_page(tab);
                self.files.left(tab);
                self.tabs.update(tab, |tab| {
                    tab.url = Private::new(frame.url);
                    tab.crashed = false;
                });
                Some(FromBrowser::Navigated(tab))
            }
            EventNavigatedWithinDocument::IDENTIFIER => {
                self.ask_history(tab);
                None
            }
            EventFrameStartedLoading::IDENTIFIER => self.changed(tab, |tab| tab.loading = true),
            EventFrameStoppedLoading::IDENTIFIER => {
                self.ask_history(tab);
                self.changed(tab, |tab| tab.loading = false)
            }
            LEARNT => {
                self.unlearnt.take_if(|_| event.parse::<u32>().is_ok_and(|lesson| lesson == self.lessons));
                None
            }
            HISTORY => {
                let history: GetNavigationHistoryReturns = event.parse().ok()?;
                let last = history.entries.len() as i64 - 1;
                self.changed(tab, |tab| {
                    tab.can_go_back = history.current_index > 0;
                    tab.can_go_forward = history.current_index < last;
                })
            }
            EventTargetInfoChanged::IDENTIFIER => self.info_changed(event),
            EventExecutionContextCreated::IDENTIFIER => {
                let CreatedContext { context } = event.parse().ok()?;
                let page = self.pages.get_mut(&tab)?;
                // A tab's top frame has the tab's own id.
                if context.name == self.guard && context.aux_data.frame_id == *page.target.inner() {
                    page.guard = Some(context.id);
                    self.teach();
                    if self.is_heard {
                        self.ask_outlines();
                    }
                }
                None
            }
            EventBindingCalled::IDENTIFIER => {
                let EventBindingCalled { name, payload, .. } = event.parse().ok()?;
                if name != self.binding || payload.len() > limits::CONTROL {
                    return None;
                }
                Some(FromBrowser::Guard(tab, serde_json::from_str(&payload).ok()?))
            }
            EventJavascriptDialogOpening::IDENTIFIER
            | EventJavascriptDialogClosed::IDENTIFIER
            | requests::PAUSED
            | requests::AUTH_REQUIRED => self.asked(tab, event),
            files::CHOOSER_OPENED => {
                self.chooser_opened(tab, event);
                None
            }
            EventExecutionContextsCleared::IDENTIFIER => {
                self.pages.get_mut(&tab)?.guard = None;
                None
            }
            _ => None,
        }
    }

    fn changed(&mut self, tab: TabId, change: impl FnOnce(&mut Tab)) -> Option<FromBrowser> {
        self.tabs.update(tab, change).then_some(FromBrowser::Tabs)
    }

    /// The answer comes back among the tab's events, so that nobody waits for it.
    fn ask_history(&self, tab: TabId) {
        let Some(page) = self.pages.get(&tab) else { return };
        let (handle, answer) = (page.handle.clone(), self.page_events_in.clone());
        tokio::spawn(async move {
            let history = call(&handle, GetNavigationHistoryParams::IDENTIFIER, GetNavigationHistoryParams {}).await;
            if let Ok(params) = history {
                let event = Event { method: HISTORY.into(), params, attached: None };
                let _ = answer.send((tab, Some(event))).await;
            }
        });
    }

    /// Asks for a tab's title, which Chromium does not tell by itself when it changes. The answer comes back among the tab's
    /// events.
    pub fn ask_title(&self, tab: TabId) {
        let Some(page) = self.pages.get(&tab) else { return };
        let (handle, answer, target) = (self.handle.clone(), self.page_events_in.clone(), page.target.clone());
        tokio::spawn(async move {
            let params = GetTargetInfoParams { target_id: Some(target) };
            if let Ok(params) = call(&handle, GetTargetInfoParams::IDENTIFIER, params).await {
                let event = Event { method: EventTargetInfoChanged::IDENTIFIER.into(), params, attached: None };
                let _ = answer.send((tab, Some(event))).await;
            }
        });
    }

    /// Opens an empty page at an address that no server has.
    pub fn open_nowhere(&mut self) {
        let Some(page) = self.tabs.active().and_then(|tab| self.pages.get_mut(&tab)) else { return };
        page.guard = None;
        requests::hold(&page.handle, true);
        tell(&page.handle, NavigateParams::IDENTIFIER, NavigateParams::new(NOWHERE));
    }

    /// Forgets where the browser has been so far.
    pub fn forget_history(&self) {
        let Some(page) = self.active_page() else { return };
        tell(page.handle, ResetNavigationHistoryParams::IDENTIFIER, ResetNavigationHistoryParams {});
        requests::hold(page.handle, false);
    }

    /// Opens the session's first page in the place of the one that a warm browser has, so that no way leads back to that.
    pub fn open_first(&mut self, url: &Url) {
        (self.first, self.untouched, self.arrived) = (Some(url.clone()), true, false);
        self.open_in_place(url);
    }

    fn open_in_place(&self, url: &Url) {
        let Some(page) = self.active_page() else { return };
        let script = format!(
            "document.head.innerHTML = '<meta name=referrer content=no-referrer>'; location.replace({})",
            serde_json::Value::from(url.as_str())
        );
        tell(page.handle, EvaluateParams::IDENTIFIER, EvaluateParams::new(script));
    }

    /// Opens an address in the active tab; the browser says by events how that goes.
    pub fn open(&mut self, url: &Url) {
        self.refuse_questions();
        if let Some(page) = self.active_page() {
            tell(page.handle, NavigateParams::IDENTIFIER, NavigateParams::new(url.as_str()));
        }
    }

    /// The address bar and its buttons.
    pub fn navigate(&mut self, to: &Navigation, sites: &Sites) -> Result<(), Denied> {
        if let Navigation::Address { url } = to {
            self.open(&address(url.reveal(), sites)?);
            return Ok(());
        }
        self.refuse_questions();
        let Some(page) = self.active_page() else { return Ok(()) };
        match to {
            Navigation::Address { .. } => {}
            Navigation::Reload => tell(page.handle, ReloadParams::IDENTIFIER, ReloadParams::default()),
            Navigation::Back => step(page.handle.clone(), -1),
            Navigation::Forward => step(page.handle.clone(), 1),
        }
        Ok(())
    }

    /// Opens an empty tab in front.
    ///
    /// # Errors
    /// When there are as many as there may be.
    pub fn new_tab(&self) -> Result<(), Denied> {
        self.open_tab(own::EMPTY)
    }

    /// Opens the link of a menu, or its image, in a tab in front, if there is still one.
    ///
    /// # Errors
    /// When the company does not let it be opened, or there are as many tabs as there may be.
    pub fn open_link(&self, menu: u32, image: bool, sites: &Sites) -> Result<(), Denied> {
        let link = if image { self.native.image(menu) } else { self.native.link(menu) };
        let Some(link) = link else { return Ok(()) };
        self.open_tab(address(link.reveal(), sites)?.as_str())
    }

    fn open_tab(&self, address: &str) -> Result<(), Denied> {
        if self.pages.len() >= LIMIT {
            return Err(Denied::Tabs);
        }
        tell(&self.handle, CreateTargetParams::IDENTIFIER, CreateTargetParams::new(address));
        Ok(())
    }

    /// What pages bring up that people's own pages draw.
    pub fn native(&mut self) -> &mut Native {
        &mut self.native
    }

    /// What a field of the page in front has open.
    pub fn picker(&self) -> Option<&Picker> {
        self.native.picker(self.tabs.active()?)
    }

    /// A tab's icon, a PNG in base64.
    pub fn icon(&self, tab: TabId) -> Option<Private<String>> {
        self.native.icon(tab)
    }

    /// Brings a tab to the front, or closes it. The last one stays, since the browser would end with it.
    pub fn tab(&mut self, tab: TabId, close: bool) -> Option<FromBrowser> {
        let page = self.pages.get(&tab)?;
        if close {
            if self.pages.len() > 1 {
                tell(&self.handle, CloseTargetParams::IDENTIFIER, CloseTargetParams { target_id: page.target.clone() });
            }
            return None;
        }
        self.bring_to_front(tab);
        self.tabs.activate(tab).then_some(FromBrowser::Tabs)
    }

    fn bring_to_front(&self, tab: TabId) {
        if let Some(page) = self.pages.get(&tab) {
            tell(
                &self.handle,
                ActivateTargetParams::IDENTIFIER,
                ActivateTargetParams { target_id: page.target.clone() },
            );
        }
    }

    /// The page that people see.
    pub fn active_page(&self) -> Option<PageRef<'_>> {
        let page = self.pages.get(&self.tabs.active()?)?;
        Some(PageRef { handle: &page.handle })
    }
}

/// A page to command.
pub struct PageRef<'a> {
    pub handle: &'a Handle,
}

/// The name under which a tab's history comes back among its events; no name of CDP's.
const HISTORY: &str = "Tandem.history";

/// The name under which a guard's word comes back that the policy is kept; no name of CDP's.
const LEARNT: &str = "Tandem.learnt";

#[derive(Serialize)]
struct Nothing {}

/// The part of `Runtime.evaluate`'s answer that is of use: whether the script failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated {
    exception_details: Option<serde::de::IgnoredAny>,
}

/// The part of `Runtime.executionContextCreated` that is of use. The generated types want fields that Chromium no longer sends.
#[derive(Deserialize)]
struct CreatedContext {
    context: Context,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    id: i64,
    name: String,
    aux_data: ContextOf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextOf {
    frame_id: String,
}

#[derive(Deserialize)]
struct Navigated {
    frame: Frame,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    parent_id: Option<String>,
    url: String,
}

async fn call<R: serde::de::DeserializeOwned>(
    handle: &Handle,
    method: &str,
    params: impl Serialize,
) -> Result<R, CdpError> {
    handle.call(method, params).await
}

/// An error says that the browser is gone, which its events say too.
fn tell(handle: &Handle, method: &str, params: impl Serialize) {
    let _ = handle.tell(method, params);
}

/// One step through the history of a page.
fn step(page: Handle, by: i64) {
    tokio::spawn(async move {
        let history: GetNavigationHistoryReturns =
            call(&page, GetNavigationHistoryParams::IDENTIFIER, GetNavigationHistoryParams {}).await?;
        let entry = usize::try_from(history.current_index + by).ok().and_then(|i| history.entries.get(i));
        if let Some(entry) = entry {
            page.tell(NavigateToHistoryEntryParams::IDENTIFIER, NavigateToHistoryEntryParams { entry_id: entry.id })?;
        }
        Ok::<(), CdpError>(())
    });
}
