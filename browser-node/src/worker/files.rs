//! Which files are on their way between the customer and the pages, and how much room they take: a plain value. The files themselves lie in
//! a directory of the session's; what is said here is what its names are there.

mod name;

pub use name::clean;

use std::collections::BTreeMap;
use tandem_protocol::files::{CHOSEN, Chooser, Download, DownloadState, FILE, SESSION};
use tandem_protocol::{Private, TabId};

/// Downloads that are shown at once, those that failed among them.
const MOST: usize = 12;
/// The largest file that Chromium may write (bytes): it tells of progress every half second only, in which a server that does not say how much
/// there is may send anything. So much above the limit that what it tells last is surely too much.
pub const LARGEST: u64 = FILE + (4 << 20);
/// The longest `accept` that is passed on (bytes).
const ACCEPT: usize = 1_000;

/// A page asks for files, and what has been sent for it so far.
#[derive(Debug)]
struct Asked {
    tab: TabId,
    shown: Chooser,
    places: BTreeMap<u32, Place>,
    /// Their names, once the customer has chosen.
    names: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Room is kept for so many bytes.
    Coming {
        most: u64,
    },
    Here {
        bytes: u64,
    },
}

/// Files that a page was given.
#[derive(Debug)]
struct Given {
    tab: TabId,
    chooser: u32,
    bytes: u64,
    /// The tab shows another page by now. It may come back to it, so they stay until there is need of the room.
    is_left: bool,
}

#[derive(Debug)]
struct Offered {
    shown: Download,
    stored: String,
    /// The tab whose page printed it.
    printed: Option<TabId>,
    is_fetched: bool,
}

/// All of a session's files.
#[derive(Debug, Default)]
pub struct Files {
    last: u32,
    asked: Option<Asked>,
    given: Vec<Given>,
    downloads: Vec<Offered>,
    /// Names in the directory that nobody needs any more.
    litter: Vec<String>,
}

/// Files for a page, by their chooser and their names.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    pub chooser: u32,
    pub names: Vec<String>,
}

/// Where what is chosen for a chooser lies; the file of a place is there under [`place`] until it has its name.
pub fn of_chooser(chooser: u32) -> String {
    format!("chosen-{chooser}")
}

/// The directory of one file, within that of its chooser.
pub fn place(place: u32) -> String {
    place.to_string()
}

impl Files {
    fn next(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Bytes that may still come.
    fn room(&self) -> u64 {
        let coming = self.asked.iter().flat_map(|asked| asked.places.values()).map(|place| match place {
            Place::Coming { most: bytes } | Place::Here { bytes } => *bytes,
        });
        let given = self.given.iter().map(|given| given.bytes);
        let downloads = self.downloads.iter().map(|one| match one.shown.state {
            DownloadState::Coming | DownloadState::Ready => one.shown.received.max(one.shown.bytes.unwrap_or(0)),
            DownloadState::Failed | DownloadState::TooLarge | DownloadState::NoRoom => 0,
        });
        SESSION.saturating_sub(coming.chain(given).chain(downloads).sum())
    }

    /// Makes room where a page that was left has files.
    fn make_room(&mut self, wanted: u64) {
        while self.room() < wanted {
            let Some(left) = self.given.iter().position(|given| given.is_left) else { return };
            let given = self.given.remove(left);
            self.litter.push(of_chooser(given.chooser));
        }
    }

    /// What is to be deleted.
    pub fn take_litter(&mut self) -> Vec<String> {
        std::mem::take(&mut self.litter)
    }

    // Uploads.

    /// What a page asks for.
    pub fn chooser(&self) -> Option<&Chooser> {
        self.asked.as_ref().map(|asked| &asked.shown)
    }

    /// A page asks; whatever was asked before is not asked any more.
    pub fn ask(&mut self, tab: TabId, host: String, accept: &str, multiple: bool) -> u32 {
        self.close();
        let id = self.next();
        let accept = if accept.len() > ACCEPT { String::new() } else { accept.to_owned() };
        let shown = Chooser { id, host, accept, multiple };
        self.asked = Some(Asked { tab, shown, places: BTreeMap::new(), names: None });
        id
    }

    fn close(&mut self) {
        self.litter.extend(self.asked.take().map(|asked| of_chooser(asked.shown.id)));
    }

    fn asked(&mut self, chooser: u32) -> Option<&mut Asked> {
        self.asked.as_mut().filter(|asked| asked.shown.id == chooser)
    }

    /// A file is about to be sent. Gives the most it may have (bytes); none when it is not to come at all.
    pub fn upload(&mut self, chooser: u32, place: u32) -> Option<u64> {
        let asked = self.asked(chooser)?;
        let most = if asked.shown.multiple { CHOSEN as u32 } else { 1 };
        if place >= most || asked.places.contains_key(&place) {
            return None;
        }
        self.make_room(FILE);
        let most = FILE.min(self.room());
        self.asked(chooser)?.places.insert(place, Place::Coming { most });
        Some(most)
    }

    /// It has come, with so many bytes, or it has not and may be sent again.
    pub fn uploaded(&mut self, chooser: u32, place: u32, bytes: Option<u64>) -> Option<Choice> {
        let Some(asked) = self.asked(chooser) else {
            // It was cancelled while this was on its way.
            self.litter.push(of_chooser(chooser));
            return None;
        };
        match bytes {
            Some(bytes) => drop(asked.places.insert(place, Place::Here { bytes })),
            None => drop(asked.places.remove(&place)),
        }
        self.choice()
    }

    /// The customer has chosen: the files at the places from 0 on have these names.
    pub fn choose(&mut self, chooser: u32, names: &[Private<String>]) -> Option<Choice> {
        let most = self.asked(chooser)?.shown.multiple;
        let most = if most { CHOSEN } else { 1 };
        if names.is_empty() || names.len() > most {
            return None;
        }
        self.asked(chooser)?.names = Some(names.iter().map(|name| clean(name.reveal())).collect());
        self.choice()
    }

    /// Complete, and the page's own from now on.
    fn choice(&mut self) -> Option<Choice> {
        let asked = self.asked.as_ref()?;
        let count = asked.names.as_ref()?.len() as u32;
        let sizes: Option<Vec<u64>> = (0..count)
            .map(|place| match asked.places.get(&place)? {
                Place::Here { bytes } => Some(*bytes),
                Place::Coming { .. } => None,
            })
            .collect();
        let bytes = sizes?.into_iter().sum();
        let Asked { tab, shown: Chooser { id: chooser, .. }, names, .. } = self.asked.take()?;
        self.given.push(Given { tab, chooser, bytes, is_left: false });
        Some(Choice { chooser, names: names? })
    }

    pub fn cancel(&mut self, chooser: u32) {
        if self.asked(chooser).is_some() {
            self.close();
        }
    }

    /// A tab shows another page, or none any more. `true` when it had asked for something.
    pub fn left(&mut self, tab: TabId) -> bool {
        self.given.iter_mut().filter(|given| given.tab == tab).for_each(|given| given.is_left = true);
        let asks = self.asked.as_ref().is_some_and(|asked| asked.tab == tab);
        if asks {
            self.close();
        }
        asks
    }

    // Downloads.

    /// All that customers are told of.
    pub fn downloads(&self) -> Vec<Download> {
        self.downloads.iter().map(|one| one.shown.clone()).collect()
    }

    /// The browser begins to download what it stores by this name. `false` when it is to stop at once.
    pub fn begin(&mut self, stored: &str, name: &str) -> bool {
        self.offer(stored.to_owned(), clean(name), None).is_some()
    }

    fn offer(&mut self, stored: String, name: String, printed: Option<TabId>) -> Option<u32> {
        if self.downloads.len() >= MOST {
            let done = |one: &Offered| !matches!(one.shown.state, DownloadState::Coming | DownloadState::Ready);
            let oldest = self.downloads.iter().position(done)?;
            self.downloads.remove(oldest);
        }
        let id = self.next();
        let shown = Download { id, name: name.into(), received: 0, bytes: None, state: DownloadState::Coming };
        self.downloads.push(Offered { shown, stored, printed, is_fetched: false });
        Some(id)
    }

    /// So much of it has come. `false` when it is too much, and the browser is to stop.
    pub fn progress(&mut self, stored: &str, received: u64, bytes: Option<u64>) -> bool {
        let Some(at) = self.downloads.iter().position(|one| one.stored == stored) else { return true };
        if self.downloads[at].shown.state != DownloadState::Coming {
            return true;
        }
        let size = received.max(bytes.unwrap_or(0));
        let shown = &mut self.downloads[at].shown;
        (shown.received, shown.bytes) = (received, bytes.filter(|bytes| *bytes >= received));
        if size > FILE {
            self.fail(at, DownloadState::TooLarge);
            return false;
        }
        // Its own size is taken off by now, so that nothing may be missing.
        self.make_room(1);
        if self.room() == 0 {
            self.fail(at, DownloadState::NoRoom);
            return false;
        }
        true
    }

    fn fail(&mut self, at: usize, state: DownloadState) {
        let one = &mut self.downloads[at];
        one.shown.state = state;
        self.litter.push(one.stored.clone());
    }

    /// Nothing more comes: it is whole, or it never will be.
    pub fn end(&mut self, stored: &str, is_whole: bool) {
        let coming = |one: &Offered| one.stored == stored && one.shown.state == DownloadState::Coming;
        match self.downloads.iter().position(coming) {
            Some(at) if is_whole => {
                let shown = &mut self.downloads[at].shown;
                (shown.state, shown.bytes) = (DownloadState::Ready, Some(shown.received));
            }
            Some(at) => self.fail(at, DownloadState::Failed),
            // It was stopped or thrown away.
            None if !self.downloads.iter().any(|one| one.stored == stored) => self.litter.push(stored.to_owned()),
            None => {}
        }
    }

    /// A page is to become a PDF, for its own script or for the customer. Gives where it is to be stored, and its number; none while the last
    /// one that the page's script made waits to be fetched: as in any browser, a page prints once, and then somebody decides.
    pub fn print(&mut self, tab: TabId, title: &str, by_page: bool) -> Option<(u32, String)> {
        if by_page && self.downloads.iter().any(|one| one.printed == Some(tab)) {
            return None;
        }
        let stored = format!("printed-{}", self.last + 1);
        let title: String = title.chars().take(80).map(|c| if matches!(c, '/' | '\\') { '-' } else { c }).collect();
        let title = if title.trim().is_empty() { "page" } else { title.trim() };
        let name = clean(&format!("{title}.pdf"));
        let id = self.offer(stored.clone(), name, by_page.then_some(tab))?;
        Some((id, stored))
    }

    /// An image of a page is to be loaded from this address. Gives where it is to be stored.
    pub fn image(&mut self, address: &str) -> Option<String> {
        let stored = format!("image-{}", self.last + 1);
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("image");
        self.offer(stored.clone(), clean(name), None)?;
        Some(stored)
    }

    /// A file to fetch, once: where it is stored, and its size (bytes).
    pub fn fetch(&mut self, download: u32) -> Option<(String, u64)> {
        let ready = |one: &&mut Offered| one.shown.id == download && one.shown.state == DownloadState::Ready;
        let one = self.downloads.iter_mut().find(ready).filter(|one| !one.is_fetched)?;
        one.is_fetched = true;
        Some((one.stored.clone(), one.shown.received))
    }

    /// The customer has it, and it is deleted; or it broke off, and can be fetched again.
    pub fn fetched(&mut self, download: u32, has_it: bool) {
        if has_it {
            self.discard(download);
        } else if let Some(one) = self.downloads.iter_mut().find(|one| one.shown.id == download) {
            one.is_fetched = false;
        }
    }

    /// Throws one away. Gives its name when the browser is to stop it.
    pub fn discard(&mut self, download: u32) -> Option<String> {
        let at = self.downloads.iter().position(|one| one.shown.id == download)?;
        let one = self.downloads.remove(at);
        self.litter.push(one.stored.clone());
        (one.shown.state == DownloadState::Coming).then_some(one.stored)
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
