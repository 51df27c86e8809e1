//! What leads from the page to a person's own device: what was copied, and whom to call or write to.

use super::Live;
use std::time::{Duration, Instant};
use tandem_protocol::Private;
use tandem_protocol::notice::Notice;

/// What comes to the clipboard so long after the customer's last act is theirs.
const THEIRS: Duration = Duration::from_secs(2);
/// A page may not hand the customer addresses more often.
const HANDED_EVERY: Duration = Duration::from_secs(1);

impl Live {
    /// A page put something on the clipboard. What the customer copies they may have, whatever it is.
    pub(super) fn ask_copied(&mut self) {
        self.seen.copies.mark_unchanged();
        if self.customer_acted.is_some_and(|at| at.elapsed() < THEIRS) {
            let answer = self.clipboard.0.clone();
            self.seat.clipboard(move |text| {
                // One that is still on its way is as good.
                let _ = text.map(|text| answer.try_send(text));
            });
        }
    }

    pub(super) fn copied_by_customer(&self, text: Private<String>) {
        if let Some(who) = self.customer.filter(|_| !text.reveal().is_empty()) {
            self.tell(who, &Notice::Copied { text });
        }
    }

    pub(super) fn copied_by_other(&self, text: Private<String>) {
        if let Some(who) = self.other {
            self.tell(who, &Notice::Copied { text });
        }
    }

    /// A link to a telephone number or a mail address.
    pub(super) fn handed(&mut self, url: Private<String>) {
        if self.handed.is_none_or(|at| at.elapsed() >= HANDED_EVERY) {
            self.handed = Some(Instant::now());
            self.tell_customers(&Notice::Handed { url });
        }
    }
}
