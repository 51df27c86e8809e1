//! Customers who read a PIN out and wait for the agent who enters it. There is no session and no browser before.

use crate::entrances::{Failure, Wanted, customer};
use crate::hub::{Hub, ToPage};
use crate::mailbox::Mailbox;
use crate::pins::{Pin, Pins, Place, Trier};
use crate::tokens::{Expiring, Hashed, hashed, new_secret};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tandem_protocol::api::{Action, Actor};
use tandem_protocol::signal::{Refusal, ServerSignal};
use tandem_protocol::{CompanyId, Private, SessionId, Viewport};
use tandem_session::{Comparer, Event, Now, Window};

/// How long the customer who was called may take to come back, should their connection be lost just then.
const CALLED: Duration = Duration::from_secs(120);

/// One customer who waits.
#[derive(Debug)]
pub(crate) struct Call {
    place: Place,
    language: String,
    viewport: Viewport,
    /// As it was told, since the same one is told again after a dropped connection.
    pin: Pin,
    window: Option<(Window, Mailbox<ToPage>)>,
    /// The way into the session, once an agent has entered the PIN.
    token: Option<Private<String>>,
}

/// Those who wait, by the hash of the key they come back with.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    by_key: Expiring<Hashed, Call>,
    pins: Pins<Hashed>,
}

/// A customer's wish to be called.
pub(crate) struct Calling {
    pub(crate) company: CompanyId,
    pub(crate) host: String,
    pub(crate) language: String,
    pub(crate) viewport: Viewport,
    pub(crate) key: Option<Private<String>>,
}

impl Hub {
    /// Gives a waiting customer their PIN, the same as before while it is good. Whether there is such a company is not told.
    pub(crate) fn call(
        &self,
        calling: Calling,
        from: IpAddr,
        window: Window,
        to: Mailbox<ToPage>,
    ) -> Result<Hashed, Refusal> {
        let now = self.now();
        let Calling { company, host, language, viewport, key } = calling;
        let mut state = self.state();
        if let Some(key) = key {
            let hash = hashed(key.reveal());
            if let Some(ends) = state.calls.by_key.ends(&hash)
                && let Some(call) = state.calls.by_key.get_mut(&hash, now)
                && call.place.company == company
            {
                call.window = Some((window, to.clone()));
                to.post(ToPage::Signal(match &call.token {
                    Some(token) => ServerSignal::Called { token: token.clone() },
                    None => waiting(&call.pin, key, ends.saturating_sub(now)),
                }));
                return Ok(hash);
            }
        }
        if !is_language(&language) {
            return Err(Refusal::Malformed);
        }
        if !self.rates().may_call(from, now) {
            return Err(Refusal::TooMany);
        }
        let (key, life) = (Private::new(new_secret()), self.config.pin_life);
        let hash = hashed(key.reveal());
        let place = Place { company, host };
        let pin = state.calls.pins.make(&place, hash, now, life, &mut rand::rng()).ok_or(Refusal::NoCapacity)?;
        to.post(ToPage::Signal(waiting(&pin, key, life)));
        let window = Some((window, to));
        let call = Call { place, language, viewport: viewport.clamped(), pin, window, token: None };
        state.calls.by_key.insert(hash, call, now + life);
        Ok(hash)
    }

    /// The page is gone. Its PIN stays good for a customer who comes back to it.
    pub(crate) fn hung_up(&self, call: &Hashed, window: Window) {
        let now = self.now();
        if let Some(call) = self.state().calls.by_key.get_mut(call, now) {
            call.window.take_if(|(theirs, _)| *theirs == window);
        }
    }

    /// An agent enters the PIN that a customer read to them: a session begins, and the customer is called into it. `wanted` makes of the
    /// customer's language and viewport what the session is to be.
    pub(crate) async fn answer_call(
        self: &Arc<Self>,
        place: &Place,
        typed: &str,
        trier: Trier,
        actor: Actor,
        wanted: impl FnOnce(String, Viewport) -> Wanted,
    ) -> Result<SessionId, Failure> {
        let now = self.now();
        let taken = self.state().calls.pins.take(place, typed, trier, now);
        let hash = taken.map_err(|refused| self.pin_refused(&place.company, &actor, refused))?;
        let wish = self.state().calls.by_key.get(&hash, now).map(|call| (call.language.clone(), call.viewport));
        let (language, viewport) = wish.ok_or(Failure::InvalidPin)?;
        let created = self.create(wanted(language.clone(), viewport)).await;
        let now = self.now();
        let mut state = self.state();
        let id = match created {
            Ok(id) => id,
            // The customer's PIN is as good as before.
            Err(failure) => {
                state.calls.put_back(&hash, now);
                return Err(failure);
            }
        };
        let words = Private::new(crate::words::two(&language));
        self.handle_in(&mut state, &id, Event::CheckWords { words, by: Comparer::Customer });
        let token: Private<String> = state.entrances.new_ticket(&id, customer(), now).into();
        if let Some(mut call) = state.calls.by_key.take(&hash, now) {
            if let Some((_, to)) = &call.window {
                to.post(ToPage::Signal(ServerSignal::Called { token: token.clone() }));
            }
            call.token = Some(token);
            state.calls.by_key.insert(hash, call, now + CALLED);
        }
        drop(state);
        self.audit(&place.company, actor, Action::PinRedeemed, Some(&id), "the customer's");
        Ok(id)
    }
}

impl Calls {
    fn put_back(&mut self, hash: &Hashed, now: Now) {
        if let (Some(call), Some(ends)) = (self.by_key.get(hash, now), self.by_key.ends(hash)) {
            self.pins.put_back(&call.place, &call.pin, *hash, ends);
        }
    }

    pub(crate) fn expire(&mut self, now: Now) {
        self.by_key.expire(now);
        self.pins.expire(now);
    }
}

/// Whether it could be a BCP 47 tag such as `en` or `pt-BR`.
pub(crate) fn is_language(tag: &str) -> bool {
    (1..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn waiting(pin: &Pin, key: Private<String>, left: Duration) -> ServerSignal {
    let seconds = left.as_secs().try_into().unwrap_or(u32::MAX);
    ServerSignal::Waiting { pin: pin.plain.clone(), more: pin.more.clone(), seconds, key }
}
