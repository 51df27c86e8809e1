// Runs first in every document, in a world that the page cannot reach.

/** The window of the outermost document that can be reached from here: the tab's, or that of a guest. */
function outermost() {
  let view = window;
  try {
    while (view.parent !== view && view.parent.document) view = view.parent;
  } catch {
    // Around it is another site.
  }
  return view;
}

const phasesHere = () => outermost()[NAME]?.phases ?? null;
const isOurs = (node) => node.className === `${NAME}-key` || (window[NAME]?.phases?.owns(node) ?? false);
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
/** Says something to the node, which hears the top document's guard, and those that are reached from there. */
const tell = (what) => globalThis[`${NAME}_tell`]?.(JSON.stringify(inWindow(what)));

/** What part of the page the window shows, and how large: a phone makes a page that is wider than itself smaller. */
const shownOf = () => outermost().visualViewport ?? { scale: 1, offsetLeft: 0, offsetTop: 0 };
/** A place of the window (CSS pixels), as the page counts. */
function place(x, y) {
  const { scale, offsetLeft, offsetTop } = shownOf();
  return [x / scale + offsetLeft, y / scale + offsetTop];
}
/** The places and areas of what is told, as the window counts. */
function inWindow(what) {
  const { scale, offsetLeft, offsetTop } = shownOf();
  if (scale === 1 && offsetLeft === 0 && offsetTop === 0) return what;
  const to = ([x, y, ...size]) => [(x - offsetLeft) * scale, (y - offsetTop) * scale, ...size.map((side) => side * scale)];
  const { at, areas, places, thing, picker } = what;
  return {
    ...what,
    ...(at && { at: to(at) }),
    ...(areas && { areas: areas.map(to) }),
    ...(places && { places: places.map((one) => ({ ...one, frame: one.frame && to(one.frame) })) }),
    ...(thing && { thing: { ...thing, area: to(thing.area) } }),
    ...(picker && { picker: { ...picker, at: to(picker.at), size: picker.size.map((side) => side * scale) } }),
  };
}

// An empty frame's window is used again for the document that comes into it.
if (window[NAME]?.document !== document) {
  const isTop = window === window.top;
  const above = outermost() === window ? null : outermost()[NAME];
  const guard = new Guard(phasesHere);
  const turn = above?.turn ?? new Turn();
  guard.pick = new Pick(guard);
  guard.anchors = new Anchors(guard);
  const errands = new Errands(guard, turn);
  window[NAME] = { document, guard, turn, phases: null, learn, place, pick: guard.pick, anchors: guard.anchors, errands, outline: null };
  guard.pdf = new Pdf(guard);
  guard.guests = new Guests(guard, phasesHere, turn);
  guard.pickers = new Pickers(guard, turn);
  guard.gate = new Gate(guard, turn, phasesHere);
  addEventListener('message', guard.guests.hear, true);
  addEventListener(`${NAME}-print`, () => tell({ type: 'print', title: document.title.slice(0, 200) }), true);
  if (above) {
    above.phases?.dirtied(true);
  } else {
    window[NAME].phases = isTop ? new Phases(guard) : new Guest(guard);
    window[NAME].outline = new Outline(guard);
    if (!isTop) return;
    chrome.runtime.sendMessage('style').catch(() => {});
    guard.title = new Title(guard);
    // The icon of the page, which the extension's worker has found.
    chrome.runtime.onMessage.addListener(({ png, web }) => tell({ type: 'icon', png, web }));
  }
}
