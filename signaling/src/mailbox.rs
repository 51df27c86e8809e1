//! What waits for one connection.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Where messages for a connection are left. One that does not keep up is cut off rather than waited for.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    to: mpsc::Sender<T>,
    cut: CancellationToken,
}

/// The connection's end of it.
pub(crate) struct Inbox<T> {
    pub(crate) received: mpsc::Receiver<T>,
    /// The connection is to end.
    pub(crate) cut: CancellationToken,
}

/// Room for `queue` messages. `shutdown` cuts the connection too.
pub(crate) fn mailbox<T>(queue: usize, shutdown: &CancellationToken) -> (Mailbox<T>, Inbox<T>) {
    let ((to, received), cut) = (mpsc::channel(queue), shutdown.child_token());
    (Mailbox { to, cut: cut.clone() }, Inbox { received, cut })
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Mailbox { to: self.to.clone(), cut: self.cut.clone() }
    }
}

impl<T> Mailbox<T> {
    pub(crate) fn post(&self, message: T) {
        if self.to.try_send(message).is_err() {
            self.cut();
        }
    }

    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}
