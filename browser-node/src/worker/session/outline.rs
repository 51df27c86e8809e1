//! What people hear who do not see the page.

use super::Live;
use tandem_masking::STRIP;
use tandem_protocol::notice::Notice;
use tandem_protocol::outline::OutlineNode;
use tandem_protocol::{Audience, ParticipantId};

impl Live {
    /// Somebody begins to listen, or ends. Pages are looked through only while somebody does.
    pub(super) fn listen(&mut self, who: ParticipantId, listens: bool) {
        let changed = if listens { self.listeners.insert(who) } else { self.listeners.remove(&who) };
        if listens || changed {
            self.heard = None;
            self.browser.listen(!self.listeners.is_empty());
        }
    }

    /// A key in a hidden field changes the customer's outline and not the agents', who are told nothing then.
    pub(super) fn tell_outline(&mut self, focus: Option<u32>, nodes: Vec<OutlineNode>) {
        let notice = Notice::Outline { focus, nodes };
        let for_agents = self.vouched.for_agent(&notice).map(|notice| notice.into_inner());
        let is_news = std::mem::replace(&mut self.heard, for_agents.clone()) != for_agents;
        let agents = self.viewers(Audience::Agent).filter(|_| is_news);
        for who in self.viewers(Audience::Customer).chain(agents).filter(|who| self.listeners.contains(who)) {
            self.tell(who, &notice);
        }
    }

    pub(super) fn reached(&mut self, node: u32, x: f32, y: f32) {
        if let Some(who) = self.reaching.take() {
            self.tell(who, &Notice::Reached { node, x, y: y - STRIP as f32 });
        }
    }
}
