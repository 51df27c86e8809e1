//! What pages and servers ask, and what people answer.

use super::{Browser, FromBrowser, tell};
use crate::worker::dialogs::{Asked, Asker};
use crate::worker::requests;
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    DialogType, EventJavascriptDialogOpening, HandleJavaScriptDialogParams,
};
use serde::Deserialize;
use tandem_cdp::Event;
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
                if !self.dialogs.page_asks(tab, kind, host_of(&url), &message, &default_prompt) {
                    self.tell_page(tab, false, None);
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
        match (asker, answer) {
            (Asker::Page, DialogAnswer::Accept { text }) => self.tell_page(tab, true, text.clone()),
            (Asker::Page, DialogAnswer::Silence) => {
                self.dialogs.silence(tab);
                self.tell_page(tab, false, None);
            }
            (Asker::Page, DialogAnswer::Dismiss | DialogAnswer::Password { .. }) => self.tell_page(tab, false, None),
            (Asker::Server(challenge), answer) => {
                let Some(page) = self.pages.get(&tab) else { return };
                let credentials = match answer {
                    DialogAnswer::Password { name, password } => Some((name, password)),
                    DialogAnswer::Accept { .. } | DialogAnswer::Dismiss | DialogAnswer::Silence => None,
                };
                challenge.answer(&page.handle, credentials);
            }
        }
    }

    fn tell_page(&self, tab: TabId, accept: bool, text: Option<Private<String>>) {
        let Some(page) = self.pages.get(&tab) else { return };
        let mut answer = HandleJavaScriptDialogParams::new(accept);
        answer.prompt_text = text.map(Private::into_inner);
        tell(&page.handle, HandleJavaScriptDialogParams::IDENTIFIER, answer);
    }
}

fn host_of(address: &str) -> String {
    Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
