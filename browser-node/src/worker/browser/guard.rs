//! What the active page's guard is told and asked.

use super::{Browser, Evaluated, FromBrowser, LEARNT, call, tell};
use crate::worker::drawings::Ask;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{EvaluateParams, ExecutionContextId};
use tandem_cdp::{CdpError, Event, Handle};
use tandem_masking::STRIP;
use tandem_protocol::native::Chosen;
use tandem_protocol::policy::Policy;
use tandem_protocol::{InputId, Private, TabId};

impl Browser {
    /// Has the active page paint a masked frame, or masked frames for a while.
    pub fn ask_masked(&self, often: bool) {
        self.tell_guard(if often { "phases.lease()" } else { "phases.shot()" });
    }

    /// The frame of this number has been seen, and was proved.
    pub fn tell_passed(&self, counter: u64) {
        self.tell_guard(&format!("phases.passed({counter})"));
    }

    /// Hides what is at a place of the window (CSS pixels) from everybody but the customer.
    pub fn hide_at(&self, x: f64, y: f64) {
        self.tell_guard(&format!("guard.hideAt(...{}.place({x}, {y}))", self.guard));
    }

    /// Asks what is at a place of the window (CSS pixels), as a rule would find it.
    pub fn pick_at(&self, InputId(id): InputId, x: f64, y: f64) {
        self.tell_guard(&format!("pick.at({id}, ...{}.place({x}, {y}))", self.guard));
    }

    /// Looks for a text, from the last find on; the guard says whether it is there.
    pub fn find(&self, text: &Private<String>, backwards: bool) {
        let text = serde_json::Value::from(text.reveal().as_str());
        self.tell_guard(&format!("errands.find({text}, {backwards})"));
    }

    /// Has guards tell what is on their pages, or not any more.
    pub fn listen(&mut self, is_heard: bool) {
        self.is_heard = is_heard;
        self.ask_outlines();
    }

    pub(super) fn ask_outlines(&self) {
        let what = format!("outline.want({})", self.is_heard);
        self.pages.keys().for_each(|tab| self.tell_guard_of(*tab, &what));
    }

    /// Brings something of the outline into view; the guard says where it is then.
    pub fn reach(&self, node: u32) {
        self.tell_guard(&format!("outline.reach({node})"));
    }

    /// Carries out what somebody has chosen in a picker, if it is still open.
    pub fn choose(&mut self, picker: u32, chosen: &Chosen, is_customers: bool) {
        let Some((tab, number)) = self.native.chosen(picker) else { return };
        let choice = match chosen {
            Chosen::Line { index } => serde_json::json!({ "index": index }),
            Chosen::Value { value } => serde_json::json!({ "value": value.reveal() }),
            Chosen::Nothing => serde_json::json!({}),
        };
        self.tell_guard_of(tab, &format!("guard.pickers.choose({number}, {choice}, {is_customers})"));
    }

    /// Asks how many things on the page each of the company's own rules finds.
    pub fn count_matches(&self) {
        self.tell_guard("pick.count()");
    }

    /// Has a page's guard anchor a drawing to what is under it, or look at that.
    pub fn ask_anchors(&self, tab: TabId, ask: &Ask) {
        let below = |points: &[[f32; 2]]| {
            let places: Vec<_> =
                points.iter().map(|[x, y]| format!("{}.place({x}, {})", self.guard, y + STRIP as f32)).collect();
            format!("[{}]", places.join(","))
        };
        self.tell_guard_of(
            tab,
            &match ask {
                Ask::Anchor { id, at, exact } => format!("anchors.begin({id}, {}, {exact})", below(&[*at])),
                Ask::Look { id, points } => format!("anchors.look({id}, {})", below(points)),
                Ask::Judge { id, points } => format!("anchors.judge({id}, {})", below(points)),
                Ask::Forget { ids } => format!("anchors.forget({ids:?})"),
            },
        );
    }

    /// Files of these names are about to be given to a page: they are the customer's alone wherever it shows them.
    pub(super) fn tell_given(&self, tab: TabId, names: &[String]) {
        self.tell_guard_of(tab, &format!("guard.given({})", serde_json::Value::from(names)));
    }

    fn tell_guard(&self, what: &str) {
        if let Some(tab) = self.tabs.active() {
            self.tell_guard_of(tab, what);
        }
    }

    fn tell_guard_of(&self, tab: TabId, what: &str) {
        let Some(page) = self.pages.get(&tab) else { return };
        let Some(guard) = page.guard else { return };
        let mut evaluate = EvaluateParams::new(format!("{}.{what}", self.guard));
        evaluate.context_id = Some(ExecutionContextId::new(guard));
        tell(&page.handle, EvaluateParams::IDENTIFIER, evaluate);
    }

    /// Tells the guards what the company hides and blocks, and waits until they know. A page may be on its way out, and its
    /// guard with it: then the next one is told.
    pub async fn learn(&mut self, policy: &Policy) -> Result<(), CdpError> {
        loop {
            while !self.is_guarded() {
                if let FromBrowser::Gone = self.next().await {
                    return Err(CdpError::Closed);
                }
            }
            let Some((handle, params)) = self.lesson(policy) else { continue };
            match handle.call::<Evaluated>(EvaluateParams::IDENTIFIER, params).await {
                Ok(answer) => return answer.exception_details.map_or(Ok(()), |_| Err(CdpError::Shape)),
                Err(CdpError::Detached | CdpError::Refused { .. }) => {
                    if let Some(page) = self.tabs.active().and_then(|tab| self.pages.get_mut(&tab)) {
                        page.guard = None;
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The same, without waiting. Each new guard is told until one has kept it: the page that was told may be on its way out.
    pub fn learn_soon(&mut self, policy: Policy) {
        self.unlearnt = Some(policy);
        self.lessons += 1;
        self.teach();
    }

    pub(super) fn teach(&self) {
        let Some((handle, params)) = self.unlearnt.as_ref().and_then(|policy| self.lesson(policy)) else { return };
        let Some(tab) = self.tabs.active() else { return };
        let (handle, answer, lesson) = (handle.clone(), self.page_events_in.clone(), self.lessons);
        tokio::spawn(async move {
            let learnt = call::<Evaluated>(&handle, EvaluateParams::IDENTIFIER, params).await;
            if let (Ok(Evaluated { exception_details: None }), Ok(params)) =
                (learnt, serde_json::value::to_raw_value(&lesson))
            {
                let _ = answer.send((tab, Some(Event { method: LEARNT.into(), params, attached: None }))).await;
            }
        });
    }

    fn lesson(&self, policy: &Policy) -> Option<(&Handle, EvaluateParams)> {
        let page = self.pages.get(&self.tabs.active()?)?;
        let rules = serde_json::json!({
            "masking": policy.masking,
            "blocking": policy.blocking,
            "lesson": self.lessons,
        });
        let mut evaluate = EvaluateParams::new(format!("{}.learn({rules})", self.guard));
        evaluate.context_id = Some(ExecutionContextId::new(page.guard?));
        evaluate.await_promise = Some(true);
        Some((&page.handle, evaluate))
    }

    /// Whether the active page has a guard. Pages without one are nobody's but the customer's.
    pub fn is_guarded(&self) -> bool {
        self.tabs.active().and_then(|tab| self.pages.get(&tab)).is_some_and(|page| page.guard.is_some())
    }
}
