// What is read of any document: what is where in it, what of it is painted, and who guards the documents within.

/** Elements whose shadow roots are the browser's own. */
const BUILT_IN = new Set(['input', 'textarea', 'select', 'video', 'audio', 'details', 'img', 'object', 'embed', 'progress', 'meter', 'summary', 'option', 'optgroup']);
/** Elements whose text is not painted. */
const UNPAINTED = new Set(['script', 'style', 'noscript', 'template', 'title', 'textarea', 'option']);

/** What is at a place in the window, also inside shadow roots. */
function deepestAt(x, y) {
  let element = document.elementFromPoint(x, y);
  for (let root, within; element && (root = shadowOf(element)) && !BUILT_IN.has(element.localName); element = within) {
    within = root.elementFromPoint(x, y);
    if (!within || within === element) break;
  }
  return element;
}

/** An element's shadow root, of whatever kind. Only HTML elements can have one, and Chromium throws when it is asked of others. */
function shadowOf(element) {
  return element instanceof HTMLElement ? chrome.dom.openOrClosedShadowRoot(element) : null;
}

/** Whether an element paints nothing, by its own style or by what holds it. */
function isHidden(element) {
  const view = element.ownerDocument.defaultView ?? window;
  const { opacity, maskImage } = view.getComputedStyle(element);
  if (element.hasAttribute(`${NAME}-fades`) && maskImage === 'none') return false;
  if (opacity === '0') return true;
  if (!element.checkVisibility({ visibilityProperty: true })) return true;
  if (element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  // Hidden by an ancestor, unless it is in the top layer, where no ancestor's opacity reaches.
  for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
    if (node.matches(':modal,:popover-open,:fullscreen')) return false;
  }
  return true;
}

/** The guard of the document in a frame, when it can be reached. */
function guardOf(frame) {
  try {
    const view = windowOf(frame);
    const guard = view?.document.documentElement ? view[NAME] : null;
    return guard?.document === view.document ? guard.guard : null;
  } catch {
    return null;
  }
}

/** The window of the document in a frame. An `embed` does not tell its own, but that does. */
function windowOf(frame) {
  if (frame.localName !== 'embed') return frame.contentWindow;
  for (let i = 0; i < window.length; i += 1) {
    try {
      if (window[i].frameElement === frame) return window[i];
    } catch {
      // Of another site.
    }
  }
  return null;
}
