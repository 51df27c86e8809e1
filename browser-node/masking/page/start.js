// Runs first in every document, in a world that the page cannot reach.

/** The phases of the top document, when it is of this site. */
function phasesAbove() {
  try {
    for (let above = window; ; above = above.parent) {
      if (!above.document) return null;
      if (above === above.parent) return above[NAME]?.phases ?? null;
    }
  } catch {
    return null;
  }
}

let phases = null;
const isOurs = (node) => node.className === `${NAME}-key` || (phases?.owns(node) ?? false);

if (!window[NAME]) {
  const isTop = window === window.top;
  const above = isTop ? null : phasesAbove();
  const guard = new Guard((near) => (isTop ? phases : phasesAbove())?.dirtied(near));
  window[NAME] = { document, guard, phases: null };
  if (isTop) {
    phases = new Phases(guard);
    window[NAME].phases = phases;
    chrome.runtime.sendMessage('style').catch(() => {});
  } else if (above) {
    above.dirtied(true);
  } else {
    // Of another site: its parent hides it whole, so it paints for the customer alone.
    guard.set(true);
    document.addEventListener('readystatechange', () => guard.set(true));
  }
}
