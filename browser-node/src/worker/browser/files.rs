//! Files: what pages ask for, what the browser downloads, and pages as PDFs. The bytes go between this session's directory and signalling.

use super::{Browser, FromBrowser, call, tell};
use crate::worker::files::{Choice, Files, of_chooser, place};
use crate::worker::transfer::{Signaling, TransferError};
use base64::Engine;
use chromiumoxide_cdp::cdp::browser_protocol::browser::{
    CancelDownloadParams, EventDownloadProgress, EventDownloadWillBegin, SetDownloadBehaviorBehavior,
    SetDownloadBehaviorParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::dom::{BackendNodeId, DescribeNodeParams, SetFileInputFilesParams};
use chromiumoxide_cdp::cdp::browser_protocol::io::{CloseParams, ReadParams, StreamHandle};
use chromiumoxide_cdp::cdp::browser_protocol::network::{LoadNetworkResourceOptions, LoadNetworkResourceParams};
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    EnableParams, EventFileChooserOpened, FrameId, PrintToPdfParams, PrintToPdfTransferMode,
    SetInterceptFileChooserDialogParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::target::{FilterEntry, SetAutoAttachParams, TargetFilter};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};
use tandem_cdp::{CdpError, Event, Handle, Session};
use tandem_protocol::files::{Chooser, Download, FILE, FileInput, Transfer};
use tandem_protocol::{Private, TabId};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use url::Url;

pub const CHOOSER_OPENED: &str = EventFileChooserOpened::IDENTIFIER;
pub const DOWNLOAD_BEGINS: &str = EventDownloadWillBegin::IDENTIFIER;
pub const DOWNLOAD_PROGRESS: &str = EventDownloadProgress::IDENTIFIER;

/// A page of very many sheets takes its time.
const PRINTING: Duration = Duration::from_secs(60);
const LOADING: Duration = Duration::from_secs(30);
/// Read of what Chromium gives at once (bytes).
const PIECE: i64 = 256 << 10;
/// DIN A4 (ISO 216), and what is used where that is not, in inches.
const A4: (f64, f64) = (8.27, 11.69);
const LETTER: (f64, f64) = (8.5, 11.0);

/// A session's files, and who is at work on them.
pub struct Store {
    files: Files,
    directory: PathBuf,
    signaling: Signaling,
    /// The field whose page asks, of a page or of a frame in it.
    field: Option<Field>,
    done: (mpsc::Sender<Done>, mpsc::Receiver<Done>),
}

#[derive(Debug, Clone)]
struct Field {
    chooser: u32,
    tab: TabId,
    page: Handle,
    node: BackendNodeId,
}

/// What somebody at work has done.
#[derive(Debug)]
pub enum Done {
    Asks { tab: TabId, page: Handle, node: BackendNodeId, accept: String, multiple: bool },
    Uploaded { chooser: u32, place: u32, bytes: Option<u64> },
    Fetched { download: u32, has_it: bool },
    Stored { stored: String, bytes: Option<u64> },
    Chooser,
    Downloads,
}

/// Has a page, or a frame of another site, tell when it asks for files, in the place of the browser's own window. Frames of other sites in it
/// are told of.
pub fn intercept(page: &Handle) {
    tell(page, SetInterceptFileChooserDialogParams::IDENTIFIER, SetInterceptFileChooserDialogParams::new(true));
    let frames = FilterEntry { exclude: Some(false), r#type: Some("iframe".into()) };
    let attach = SetAutoAttachParams {
        auto_attach: true,
        wait_for_debugger_on_start: false,
        flatten: Some(true),
        filter: Some(TargetFilter::new(vec![frames])),
    };
    tell(page, SetAutoAttachParams::IDENTIFIER, attach);
}

/// Listens to a frame of another site, and to those in it, for as long as it is there.
pub fn watch_frame(tab: TabId, frame: Session, asks: mpsc::Sender<Done>) {
    let Session { handle, mut events } = frame;
    tell(&handle, EnableParams::IDENTIFIER, EnableParams::default());
    intercept(&handle);
    tokio::spawn(async move {
        while let Some(mut event) = events.recv().await {
            if let Some(frame) = event.attached.take() {
                watch_frame(tab, frame, asks.clone());
            } else if &*event.method == CHOOSER_OPENED {
                ask(tab, handle.clone(), &event, asks.clone());
            }
        }
    });
}

impl Store {
    /// `signaling` is its `host:port`.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(directory: PathBuf, signaling: String) -> io::Result<Store> {
        fs::create_dir_all(&directory)?;
        let (files, field, done) = (Files::default(), None, mpsc::channel(256));
        Ok(Store { files, directory, signaling: Signaling::new(signaling), field, done })
    }

    /// Has the browser put what it downloads into our directory, by numbers of its own.
    pub async fn take_downloads(&self, browser: &Handle) -> Result<(), CdpError> {
        let mut behaviour = SetDownloadBehaviorParams::new(SetDownloadBehaviorBehavior::AllowAndName);
        behaviour.download_path = Some(self.directory.display().to_string());
        behaviour.events_enabled = Some(true);
        call::<serde::de::IgnoredAny>(browser, SetDownloadBehaviorParams::IDENTIFIER, behaviour).await?;
        Ok(())
    }

    /// Where frames of other sites say what they ask for.
    pub fn asks(&self) -> mpsc::Sender<Done> {
        self.done.0.clone()
    }

    /// What was done next. Cancelling it loses nothing.
    pub async fn done(&mut self) -> Option<Done> {
        self.done.1.recv().await
    }

    /// A tab shows another page, or is gone.
    pub fn left(&mut self, tab: TabId) {
        if self.files.left(tab) {
            self.said(Done::Chooser);
        }
        self.clear();
    }

    /// Has [`Browser::next`] say it.
    fn said(&self, done: Done) {
        // A full queue has it said already.
        let _ = self.done.0.try_send(done);
    }

    fn path(&self, stored: &str) -> PathBuf {
        self.directory.join(stored)
    }

    /// Where a file lies that is on its way to a chooser.
    fn part(&self, chooser: u32, at: u32) -> PathBuf {
        self.path(&of_chooser(chooser)).join(format!("{}.part", place(at)))
    }

    fn clear(&mut self) {
        for name in self.files.take_litter() {
            let path = self.path(&name);
            // Most of them are not there: a directory that nothing came into, or a file that the browser has taken away itself.
            let _ = fs::remove_dir_all(&path);
            let _ = fs::remove_file(&path);
        }
    }

    /// Gives files their names, in the directories where the page may read them.
    fn name(&self, choice: &Choice) -> io::Result<Vec<String>> {
        let name = |(at, name): (u32, &String)| {
            let directory = self.path(&of_chooser(choice.chooser)).join(place(at));
            fs::create_dir(&directory)?;
            let path = directory.join(name);
            fs::rename(self.part(choice.chooser, at), &path)?;
            Ok(path.display().to_string())
        };
        (0..).zip(&choice.names).map(name).collect()
    }
}

impl Browser {
    fn give(&mut self, choice: Option<Choice>) {
        let Some(choice) = choice else { return };
        let field = self.files.field.take_if(|field| field.chooser == choice.chooser);
        match (self.files.name(&choice), field) {
            (Ok(paths), Some(Field { tab, page, node, .. })) => {
                self.tell_given(tab, &choice.names);
                let mut files = SetFileInputFilesParams::new(paths);
                files.backend_node_id = Some(node);
                tell(&page, SetFileInputFilesParams::IDENTIFIER, files);
            }
            (Ok(_), None) => {}
            (Err(error), _) => tracing::warn!(%error, "files were not given to a page"),
        }
    }
}

/// The part of `Page.fileChooserOpened` that is of use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    mode: String,
    backend_node_id: Option<BackendNodeId>,
}

/// The part of `DOM.describeNode`'s answer that is of use.
#[derive(Deserialize)]
struct Described {
    node: Node,
}

#[derive(Deserialize)]
struct Node {
    /// Names and values in turn.
    #[serde(default)]
    attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WillBegin {
    guid: String,
    suggested_filename: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    guid: String,
    total_bytes: f64,
    received_bytes: f64,
    state: String,
}

impl Browser {
    /// What a page asks for.
    pub fn chooser(&self) -> Option<&Chooser> {
        self.files.files.chooser()
    }

    /// All files that the browser has for the customer.
    pub fn file_list(&self) -> Vec<Download> {
        self.files.files.downloads()
    }

    pub(super) fn chooser_opened(&self, tab: TabId, event: &Event) {
        let Some(page) = self.pages.get(&tab) else { return };
        ask(tab, page.handle.clone(), event, self.files.done.0.clone());
    }

    pub(super) fn file_done(&mut self, done: Done) -> Option<FromBrowser> {
        let change = match done {
            Done::Asks { tab, page, node, accept, multiple } => {
                // A page that is no more asks for nothing.
                let address = self.tabs.list().iter().find(|one| one.id == tab)?.url.reveal();
                let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
                let chooser = self.files.files.ask(tab, host.unwrap_or_default(), &accept, multiple);
                self.files.field = Some(Field { chooser, tab, page, node });
                FromBrowser::Chooser
            }
            Done::Uploaded { chooser, place, bytes } => {
                let choice = self.files.files.uploaded(chooser, place, bytes);
                self.give(choice);
                FromBrowser::Chooser
            }
            Done::Fetched { download, has_it } => {
                self.files.files.fetched(download, has_it);
                FromBrowser::Downloads
            }
            Done::Stored { stored, bytes } => {
                if let Some(bytes) = bytes {
                    self.files.files.progress(&stored, bytes, Some(bytes));
                }
                self.files.files.end(&stored, bytes.is_some());
                FromBrowser::Downloads
            }
            Done::Chooser => FromBrowser::Chooser,
            Done::Downloads => FromBrowser::Downloads,
        };
        self.files.clear();
        Some(change)
    }

    /// Does what a customer decided about files.
    pub fn file(&mut self, input: &FileInput) {
        match input {
            FileInput::Choose { chooser, names } => {
                let choice = self.files.files.choose(*chooser, names);
                self.give(choice);
                self.files.said(Done::Chooser);
            }
            FileInput::Cancel { chooser } => {
                self.files.files.cancel(*chooser);
                self.files.said(Done::Chooser);
            }
            FileInput::Discard { download } => {
                if let Some(stored) = self.files.files.discard(*download) {
                    self.stop_download(&stored);
                }
                self.files.said(Done::Downloads);
            }
            FileInput::SaveImage { menu } => {
                self.save_image(*menu);
            }
            FileInput::Print => {
                if let Some(tab) = self.tabs.list().iter().find(|tab| tab.active).cloned() {
                    self.print(tab.id, tab.title.reveal(), false);
                }
            }
        }
        self.files.clear();
    }

    /// Sends or fetches a file, by a ticket that is good once.
    pub fn transfer(&mut self, transfer: Transfer, ticket: Private<String>) {
        let (signaling, done) = (self.files.signaling.clone(), self.files.done.0.clone());
        match transfer {
            Transfer::Upload { chooser, place } => {
                let most = self.files.files.upload(chooser, place);
                self.files.clear();
                let to = self.files.part(chooser, place);
                let made = fs::create_dir_all(self.files.path(&of_chooser(chooser)));
                let Some(most) = most.filter(|_| made.is_ok()) else {
                    tokio::spawn(async move { signaling.decline(&ticket).await });
                    return;
                };
                tokio::spawn(async move {
                    let fetched = signaling.fetch(&ticket, &to, most).await;
                    let bytes = fetched.inspect_err(log).ok();
                    let _ = done.send(Done::Uploaded { chooser, place, bytes }).await;
                });
            }
            // It goes from one page to another.
            Transfer::Sent { .. } => {}
            Transfer::Download { download } => {
                let Some((stored, bytes)) = self.files.files.fetch(download) else {
                    tokio::spawn(async move { signaling.decline(&ticket).await });
                    return;
                };
                let from = self.files.path(&stored);
                tokio::spawn(async move {
                    let has_it = signaling.send(&ticket, from, bytes).await.inspect_err(log).is_ok();
                    let _ = done.send(Done::Fetched { download, has_it }).await;
                });
            }
        }
    }

    pub(super) fn downloads(&mut self, event: &Event) -> Option<FromBrowser> {
        if &*event.method == DOWNLOAD_BEGINS {
            let WillBegin { guid, suggested_filename } = event.parse().ok()?;
            if !self.files.files.begin(&guid, &suggested_filename) {
                self.stop_download(&guid);
                return None;
            }
        } else {
            let Progress { guid, total_bytes, received_bytes, state } = event.parse().ok()?;
            let total = (total_bytes > 0.0).then_some(total_bytes as u64);
            if !self.files.files.progress(&guid, received_bytes as u64, total) {
                self.stop_download(&guid);
            }
            match state.as_str() {
                "completed" => self.files.files.end(&guid, true),
                "canceled" => self.files.files.end(&guid, false),
                _ => {}
            }
        }
        self.files.clear();
        Some(FromBrowser::Downloads)
    }

    fn stop_download(&self, guid: &str) {
        tell(&self.handle, CancelDownloadParams::IDENTIFIER, CancelDownloadParams::new(guid));
    }

    /// The page's own script prints.
    pub fn print_page(&mut self, tab: TabId, title: &Private<String>) {
        if self.tabs.active() == Some(tab) {
            self.print(tab, title.reveal(), true);
        }
    }

    /// Loads the image of a menu once more, as the page in front would, whatever that lets its scripts do.
    fn save_image(&mut self, menu: u32) {
        let Some(page) = self.tabs.active().and_then(|tab| self.pages.get(&tab)) else { return };
        let Some(address) = self.native.image(menu) else { return };
        let Some(stored) = self.files.files.image(address.reveal()) else { return };
        let params = LoadNetworkResourceParams {
            frame_id: Some(FrameId::new(page.target.inner().clone())),
            url: address.reveal().clone(),
            options: LoadNetworkResourceOptions { disable_cache: false, include_credentials: true },
        };
        let (page, path, done) = (page.handle.clone(), self.files.path(&stored), self.files.done.0.clone());
        self.files.said(Done::Downloads);
        tokio::spawn(async move {
            let loaded = load_to(&page, params, &path).await;
            if loaded.is_err() {
                let _ = tokio::fs::remove_file(&path).await;
            }
            let bytes = loaded.inspect_err(log).ok();
            let _ = done.send(Done::Stored { stored, bytes }).await;
        });
    }

    fn print(&mut self, tab: TabId, title: &str, by_page: bool) {
        let Some(page) = self.pages.get(&tab) else { return };
        let Some((_, stored)) = self.files.files.print(tab, title, by_page) else { return };
        let (page, path, done) = (page.handle.clone(), self.files.path(&stored), self.files.done.0.clone());
        let is_letter = ["-US", "-CA", "-MX"].iter().any(|land| self.language.ends_with(land));
        let paper = if is_letter { LETTER } else { A4 };
        self.files.said(Done::Downloads);
        tokio::spawn(async move {
            let printed = print_to(&page, paper, &path).await;
            if printed.is_err() {
                let _ = tokio::fs::remove_file(&path).await;
            }
            let bytes = printed.inspect_err(log).ok();
            let _ = done.send(Done::Stored { stored, bytes }).await;
        });
    }
}

/// Asks what kind of files a field wants, and has them asked for.
fn ask(tab: TabId, page: Handle, event: &Event, done: mpsc::Sender<Done>) {
    // What opens a chooser without a field of files is no page's way of getting any here.
    let Ok(Opened { mode, backend_node_id: Some(node) }) = event.parse() else { return };
    tokio::spawn(async move {
        let params = DescribeNodeParams { backend_node_id: Some(node), ..DescribeNodeParams::default() };
        let Ok(Described { node: Node { attributes } }) = call(&page, DescribeNodeParams::IDENTIFIER, params).await
        else {
            return;
        };
        let mut pairs = attributes.chunks_exact(2);
        let accept = pairs.find(|pair| pair[0] == "accept").map(|pair| pair[1].clone()).unwrap_or_default();
        let multiple = mode == "selectMultiple";
        let _ = done.send(Done::Asks { tab, page, node, accept, multiple }).await;
    });
}

/// Makes a PDF of a page; gives its size (bytes).
async fn print_to(page: &Handle, (width, height): (f64, f64), path: &Path) -> Result<u64, TransferError> {
    #[derive(Deserialize)]
    struct Printed {
        stream: StreamHandle,
    }
    let params = PrintToPdfParams {
        print_background: Some(true),
        prefer_css_page_size: Some(true),
        paper_width: Some(width),
        paper_height: Some(height),
        transfer_mode: Some(PrintToPdfTransferMode::ReturnAsStream),
        ..PrintToPdfParams::default()
    };
    let printed = page.call_within(PRINTING, PrintToPdfParams::IDENTIFIER, params).await;
    let Printed { stream } = printed.map_err(|_| TransferError::Broken)?;
    let read = read_all(page, &stream, path).await;
    tell(page, CloseParams::IDENTIFIER, CloseParams { handle: stream });
    read
}

/// Loads what is at an address; gives its size (bytes).
async fn load_to(page: &Handle, params: LoadNetworkResourceParams, path: &Path) -> Result<u64, TransferError> {
    #[derive(Deserialize)]
    struct Loaded {
        resource: Resource,
    }
    #[derive(Deserialize)]
    struct Resource {
        success: bool,
        stream: Option<StreamHandle>,
    }
    let loaded = page.call_within(LOADING, LoadNetworkResourceParams::IDENTIFIER, params).await;
    let Loaded { resource: Resource { success: true, stream: Some(stream) } } =
        loaded.map_err(|_| TransferError::Broken)?
    else {
        return Err(TransferError::Broken);
    };
    let read = read_all(page, &stream, path).await;
    tell(page, CloseParams::IDENTIFIER, CloseParams { handle: stream });
    read
}

async fn read_all(page: &Handle, stream: &StreamHandle, path: &Path) -> Result<u64, TransferError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Piece {
        #[serde(default)]
        base64_encoded: bool,
        data: String,
        eof: bool,
    }
    let mut file = tokio::fs::File::create_new(path).await?;
    let mut bytes = 0;
    loop {
        let read = ReadParams { size: Some(PIECE), ..ReadParams::new(stream.clone()) };
        let piece: Piece = call(page, ReadParams::IDENTIFIER, read).await.map_err(|_| TransferError::Broken)?;
        let data = if piece.base64_encoded {
            base64::engine::general_purpose::STANDARD.decode(piece.data).map_err(|_| TransferError::Broken)?
        } else {
            piece.data.into_bytes()
        };
        bytes += data.len() as u64;
        if bytes > FILE {
            return Err(TransferError::TooLarge);
        }
        file.write_all(&data).await?;
        if piece.eof {
            file.flush().await?;
            return Ok(bytes);
        }
    }
}

/// An error names no file.
fn log(error: &TransferError) {
    tracing::warn!(%error, "a file did not get through");
}
