//! What pages and servers ask, and what people answer.

use super::{Browser, FromBrowser, call, tell};
use crate::worker::dialogs::{Asked, Asker};
use crate::worker::requests;
use chromiumoxide_cdp::cdp::browser_protocol::browser::PermissionType;
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    DialogType, EventJavascriptDialogOpening, HandleJavaScriptDialogParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::web_authn;
use serde::{Deserialize, Serialize};
use tandem_cdp::{CdpError, Event, Handle};
use tandem_protocol::dialog::{Dialog, DialogAnswer, DialogKind};
use tandem_protocol::{Private, TabId};
use url::Url;

/// The part of `Page.javascriptDialogOpening` that is of use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    url: String,
    message: String,
    r#type: DialogType,
    #[serde(default)]
    default_prompt: String,
}

/// What pages may do without asking anybody; whatever else they would ask people for is refused at once.
const ALLOWED: [PermissionType; 6] = [
    PermissionType::ClipboardSanitizedWrite,
    PermissionType::BackgroundSync,
    PermissionType::DurableStorage,
    PermissionType::StorageAccess,
    PermissionType::TopLevelStorageAccess,
    PermissionType::WakeLockScreen,
];

/// Has the browser refuse what pages ask people for, so that it never asks by itself.
///
/// # Errors
/// When it does not: then it may not be used.
pub async fn refuse(browser: &Handle) -> Result<(), CdpError> {
    #[derive(Serialize)]
    struct Grant {
        permissions: [PermissionType; 6],
    }
    // For all origins; what is not named is rejected.
    call::<serde::de::IgnoredAny>(browser, "Browser.grantPermissions", Grant { permissions: ALLOWED }).await?;
    Ok(())
}

/// Has a page, and the frames in it, find no passkey, instead of a window of the browser's own.
pub fn no_passkeys(page: &Handle) {
    tell(page, web_authn::EnableParams::IDENTIFIER, web_authn::EnableParams::default());
}

impl Browser {
    /// What the page in front asks.
    pub fn dialog(&self) -> Option<&Dialog> {
        self.dialogs.of(self.tabs.active()?)
    }

    pub(super) fn asked(&mut self, tab: TabId, event: &Event) -> Option<FromBrowser> {
        match &*event.method {
            EventJavascriptDialogOpening::IDENTIFIER => {
                let Opened { url, message, r#type, default_prompt } = event.parse().ok()?;
                let kind = match r#type {
                    DialogType::Alert => DialogKind::Alert,
                    DialogType::Confirm => DialogKind::Confirm,
                    DialogType::Prompt => DialogKind::Prompt,
                    DialogType::Beforeunload => DialogKind::Leave,
                };
                if !self.dialogs.page_asks(tab, Asker::Chromium, kind, host_of(&url), &message, &default_prompt) {
                    self.tell_chromium(tab, false, None);
                    return None;
                }
            }
            requests::PAUSED => {
                let page = self.pages.get(&tab)?;
                let (waiting, question) = requests::question(&page.handle, event, &self.guard)?;
                let requests::Question { kind, host, text, proposal, .. } = question;
                if !self.dialogs.page_asks(tab, Asker::Page(waiting.clone()), kind, host, &text, &proposal) {
                    waiting.answer(&page.handle, None);
                    return None;
                }
            }
            requests::AUTH_REQUIRED => {
                let page = self.pages.get(&tab)?;
                let challenge = requests::challenge(&page.handle, event)?;
                let (host, realm) = (host_of(&challenge.origin), challenge.realm);
                if !self.dialogs.server_asks(tab, challenge.challenge.clone(), host, &realm) {
                    challenge.challenge.answer(&page.handle, None);
                    return None;
                }
            }
            _ => self.dialogs.closed(tab),
        }
        Some(FromBrowser::Dialogs)
    }

    /// Carries an answer out, if it is one to what is asked.
    pub fn answer(&mut self, id: u32, answer: &DialogAnswer) {
        let Some(Asked { tab, asker, .. }) = self.dialogs.answered(id) else { return };
        let Some(page) = self.pages.get(&tab) else { return };
        if matches!(answer, DialogAnswer::Silence) {
            self.dialogs.silence(tab);
        }
        let accepted = match answer {
            DialogAnswer::Accept { text } => Some(text.as_ref()),
            DialogAnswer::Dismiss | DialogAnswer::Silence | DialogAnswer::Password { .. } => None,
        };
        match asker {
            Asker::Page(waiting) => {
                waiting.answer(&page.handle, accepted.map(|text| text.map_or("", |text| text.reveal().as_str())));
            }
            Asker::Chromium => self.tell_chromium(tab, accepted.is_some(), accepted.flatten().cloned()),
            Asker::Server(challenge) => {
                let credentials = match answer {
                    DialogAnswer::Password { name, password } => Some((name, password)),
                    DialogAnswer::Accept { .. } | DialogAnswer::Dismiss | DialogAnswer::Silence => None,
                };
                challenge.answer(&page.handle, credentials);
            }
        }
    }

    /// The page in front is about to be left: while it stands still it could not be.
    pub(super) fn refuse_questions(&mut self) {
        let Some(tab) = self.tabs.active() else { return };
        while let Some(id) = self.dialogs.of_page(tab) {
            self.answer(id, &DialogAnswer::Dismiss);
        }
    }

    fn tell_chromium(&self, tab: TabId, accept: bool, text: Option<Private<String>>) {
        let Some(page) = self.pages.get(&tab) else { return };
        let mut answer = HandleJavaScriptDialogParams::new(accept);
        answer.prompt_text = text.map(Private::into_inner);
        tell(&page.handle, HandleJavaScriptDialogParams::IDENTIFIER, answer);
    }
}

fn host_of(address: &str) -> String {
    Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
