// Runs first in every document, in a world that the page cannot reach.

/** What the guard of the tab's top document keeps, when that is of this site. */
function top() {
  try {
    for (let above = window; ; above = above.parent) {
      if (!above.document) return null;
      if (above === above.parent) return above[NAME] ?? null;
    }
  } catch {
    return null;
  }
}

let phases = null;
const isOurs = (node) => node.className === `${NAME}-key` || (phases?.owns(node) ?? false);
/** Hands the policy to the guards of all documents. */
async function learn(policy) {
  for (;;) {
    try {
      return await chrome.storage.session.set({ policy });
    } catch {
      // The extension's own worker is still on its way to let us write.
      await new Promise((later) => setTimeout(later, 10));
    }
  }
}
/** Says something to the node; nobody hears a frame of another site. */
const tell = (what) => globalThis[`${NAME}_tell`]?.(JSON.stringify(what));

// An empty frame's window is used again for the document that comes into it.
if (window[NAME]?.document !== document) {
  const isTop = window === window.top;
  const above = isTop ? null : top();
  const guard = new Guard(() => (isTop ? phases : top()?.phases) ?? null);
  const turn = above?.turn ?? new Turn();
  window[NAME] = { document, guard, turn, phases: null, learn };
  guard.gate = new Gate(guard, turn, tell, !isTop && !above);
  if (isTop) {
    phases = new Phases(guard);
    window[NAME].phases = phases;
    chrome.runtime.sendMessage('style').catch(() => {});
    guard.title = new Title(guard);
  } else if (above) {
    above.phases?.dirtied(true);
  } else {
    // Of another site: its parent hides it whole, so it paints for the customer alone.
    guard.set(true);
    document.addEventListener('readystatechange', () => guard.set(true));
  }
}
