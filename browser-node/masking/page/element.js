// What a thing on a page is to people: its role, what it is called, what stands around it. A rule finds it again by this when the
// page has changed: classes, ids, order and wrappers say nothing here.

/** The longest words that name a thing, and the longest that stand around one (characters). */
const LONGEST_NAME = 120;
const LONGEST_NEAR = 80;
/** Elements with more in them hold other things, and are not called by their own words. */
const FEW = 8;
/** How far up the surroundings reach, and how many neighbours of each level are looked at. */
const LEVELS = 12;
const NEIGHBOURS = 16;

/** What a tag implies (HTML Accessibility API Mappings); media by their names, which ARIA has no role for. */
const IMPLIED = {
  area: 'link', article: 'article', aside: 'complementary', audio: 'audio', button: 'button', canvas: 'img', caption: 'caption', code: 'code',
  dd: 'definition', details: 'group', dialog: 'dialog', dt: 'term', em: 'emphasis', embed: 'document', fieldset: 'group', figcaption: 'caption', figure: 'figure',
  footer: 'contentinfo', form: 'form', h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading', header: 'banner',
  iframe: 'document', img: 'img', label: 'caption', legend: 'caption', li: 'listitem', main: 'main', menu: 'list', meter: 'meter', nav: 'navigation', object: 'document', ol: 'list', option: 'option',
  output: 'status', p: 'paragraph', picture: 'img', progress: 'progressbar', section: 'region', strong: 'strong', summary: 'button', svg: 'img', table: 'table',
  td: 'cell', textarea: 'textbox', time: 'time', tr: 'row', ul: 'list', video: 'video',
};
const INPUTS = { button: 'button', checkbox: 'checkbox', hidden: '', image: 'button', number: 'spinbutton', radio: 'radio', range: 'slider', reset: 'button', search: 'searchbox', submit: 'button' };

/** Roles that a page may change for each other without becoming another page to people. */
const SORTS = Object.fromEntries(
  Object.entries({
    field: 'textbox searchbox spinbutton',
    choice: 'combobox listbox',
    tick: 'checkbox switch',
    picture: 'img image figure',
    header: 'columnheader rowheader',
    part: 'group region form article complementary banner contentinfo search',
    caption: 'caption term',
    text: 'generic paragraph cell gridcell definition listitem strong emphasis code time status mark note output none presentation',
  }).flatMap(([sort, roles]) => roles.split(' ').map((role) => [role, sort])),
);
const sortOf = (role) => SORTS[role] ?? role;
/** Named by what they say themselves. */
const SAYING = new Set(['button', 'link', 'heading', 'tab', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'treeitem', 'header', 'caption']);
/** Named by their labels, and never by what they hold. */
const HOLDING = new Set(['field', 'choice', 'tick', 'radio', 'slider']);
/** Too much to be found by its surroundings alone. */
const BROAD = new Set(['part', 'list', 'row', 'rowgroup', 'table', 'grid', 'main', 'navigation', 'dialog', 'menu', 'tablist', 'toolbar', 'document']);
const HEADINGS = 'h1,h2,h3,h4,h5,h6,[role=heading]';
/** What has headings of its own. */
const SECTIONS = 'section,article,aside,nav,fieldset,form,dialog,main,li,tr,table';
/** What words before something do not reach over. */
const EDGES = `body,${SECTIONS},ul,ol,dl,tbody,thead`;
const FILLED = 'input,select,textarea,button';

function thingRoleOf(element) {
  const role = element.getAttribute('role');
  const [told] = role ? role.trim().toLowerCase().split(/\s+/) : [''];
  if (/^[a-z-]{2,40}$/.test(told)) return told;
  const { localName } = element;
  if (localName === 'input') return INPUTS[element.type] ?? 'textbox';
  if (localName === 'a') return element.hasAttribute('href') ? 'link' : 'generic';
  if (localName === 'select') return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
  if (localName === 'th') return element.getAttribute('scope') === 'row' ? 'rowheader' : 'columnheader';
  if (element.hasAttribute('contenteditable') && element.isContentEditable) return 'textbox';
  return Object.hasOwn(IMPLIED, localName) ? IMPLIED[localName] : 'generic';
}

/** Words as a rule holds them: numbers are `#`, and what ends a label is gone. Nothing, where no letter is left. */
function wordsOf(text) {
  const words = String(text)
    .slice(0, 1000)
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .replace(/\p{C}/gu, '')
    .replace(/[\p{N}#](?:[\p{N}#.,'’:/ -]*[\p{N}#])?/gu, '#')
    .replace(/[\s:*]+$/, '')
    .trim();
  return /\p{L}/u.test(words) ? [...words].slice(0, LONGEST_NAME).join('').trim() : '';
}

const sameWords = (text) => wordsOf(text).toLowerCase();

/** What a thing is called, by all that says so, the first as ARIA takes it (Accessible Name and Description Computation). */
function* namesOf(element, sort) {
  const attribute = (name) => element.getAttribute(name) ?? '';
  const isLabelled = element.hasAttribute('aria-labelledby');
  // Looking for an element's labels goes through the whole document: only what is filled in has any.
  const labels = isLabelled || HOLDING.has(sort) ? labelOf(element) : [];
  if (isLabelled) yield labels.join(' ');
  yield attribute('aria-label');
  yield* labels;
  if (HOLDING.has(sort)) yield attribute('placeholder');
  else if (element.localName === 'input') yield element.type === 'image' ? element.alt : element.value;
  else if (sort === 'picture') yield element.localName === 'svg' ? (element.querySelector('title')?.textContent ?? '') : attribute('alt');
  else if (element.localName === 'fieldset' || element.localName === 'table') yield element.querySelector('legend,caption')?.textContent ?? '';
  else if (SAYING.has(sort)) yield* saidBy(element);
  else if (sort === 'text' && element.childElementCount <= FEW) yield element.textContent;
  yield attribute('title');
}

function* saidBy(element) {
  yield element.textContent;
  for (const image of element.querySelectorAll('img[alt],svg title')) yield image.alt ?? image.textContent;
}

/** A field's `type`, and what `autocomplete` says, the latter first. */
function kindsOf(element) {
  const said = (element.getAttribute('autocomplete') ?? '').toLowerCase().split(/\s+/);
  const tokens = said.filter((token) => /^[a-z\d-]{1,40}$/.test(token) && ofAutocomplete(token) !== null);
  return element.localName === 'input' ? [...tokens, element.type] : tokens;
}

/** Whether words of its own are in it, not only those of what it holds. */
function holdsText(element) {
  for (let node = element.firstChild; node; node = node.nextSibling) if (node.nodeType === Node.TEXT_NODE && node.data.trim() !== '') return true;
  return false;
}

function aboveOf(element) {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** The nearest words around a thing. What has a label of its own is told apart by its section; anything else belongs to what stands before it. */
function nearOf(element, isNamed) {
  const header = headerOf(element);
  if (header) return header;
  if (!isNamed) {
    const before = wordsBefore(element);
    if (before !== null) return before;
  }
  return sectionOf(element);
}

/** The header of a table's row or column, or the term of a list of terms. */
function headerOf(element) {
  const cell = element.closest('td,th,[role=cell],[role=gridcell],dd');
  if (!cell) return '';
  if (cell.localName === 'dd') {
    let term = cell.previousElementSibling;
    while (term && term.localName !== 'dt') term = term.previousElementSibling;
    return near(term?.textContent);
  }
  const row = cell.closest('tr,[role=row]');
  const ofRow = row?.querySelector('th,[role=rowheader]');
  if (ofRow && ofRow !== cell && ofRow.parentElement === row && !row.parentElement?.matches('thead')) return near(ofRow.textContent);
  const table = cell.closest('table');
  const heads = table?.tHead?.rows[0] ?? table?.rows[0];
  const head = heads !== row ? heads?.cells[cell.cellIndex] : null;
  return head?.localName === 'th' ? near(head.textContent) : '';
}

function near(text) {
  return (text ?? '').trim().length <= LONGEST_NEAR ? wordsOf(text ?? '') : '';
}

/** The words right before a thing within `edge`; none where nothing stands there, empty where it is something else, such as another value. */
function wordsBefore(element, edge = null) {
  for (let at = element, up = 0; at && at !== edge && up < LEVELS && !at.matches(EDGES); at = aboveOf(at), up += 1) {
    let seen = 0;
    for (let before = at.previousSibling; before && seen < NEIGHBOURS; before = before.previousSibling, seen += 1) {
      if (before.nodeType !== Node.TEXT_NODE && (before.nodeType !== Node.ELEMENT_NODE || UNPAINTED.has(before.localName))) continue;
      if (before.nodeType === Node.ELEMENT_NODE && (before.matches(FILLED) || before.querySelector(FILLED))) return '';
      if (before.textContent.trim() !== '') return near(before.textContent);
    }
  }
  return null;
}

/** The nearest legend, heading above, or label of what it is in. */
function sectionOf(element) {
  for (let at = element, up = 0; at && at !== document.body && up < LEVELS; up += 1) {
    let seen = 0;
    for (let before = at.previousElementSibling; before && seen < NEIGHBOURS; before = before.previousElementSibling, seen += 1) {
      const inside = before.matches(SECTIONS) ? [] : before.querySelectorAll(HEADINGS);
      const heading = before.matches(HEADINGS) ? before : inside[inside.length - 1];
      const words = heading && near(heading.textContent);
      if (words) return words;
    }
    at = aboveOf(at);
    if (!at) break;
    const legend = at.localName === 'fieldset' ? at.querySelector('legend')?.textContent : at.getAttribute('aria-label') || labelOf(at).join(' ');
    const words = near(legend);
    if (words) return words;
  }
  return '';
}

/** Finds things by what they are. What cannot be read throws, as any rule does that cannot. */
class Finder {
  #sort;
  #label;
  #kind;
  #near;

  constructor({ role = '', label = '', kind = '', near = '' }) {
    this.#sort = role && sortOf(role);
    this.#label = sameWords(label);
    this.#kind = kind;
    this.#near = sameWords(near);
    if ([this.#sort, this.#label, this.#kind, this.#near].filter(Boolean).length < 2) throw new Error('says too little');
  }

  /** `inDoubt` is for what cannot be told: a page may have put anything where an element has its parts. */
  finds(element, inDoubt = false) {
    try {
      return !UNPAINTED.has(element.localName) && this.#isIt(element);
    } catch {
      return inDoubt;
    }
  }

  #isIt(element) {
    const sort = sortOf(thingRoleOf(element));
    if (this.#sort && this.#sort !== sort) return false;
    if (this.#label) {
      if (!this.#isCalled(element, sort)) return false;
    } else {
      if (this.#kind && HOLDING.has(sort) && !kindsOf(element).includes(this.#kind)) return false;
      if (sort === 'text' && !holdsText(element)) return false;
    }
    return !this.#near || sameWords(nearOf(element, this.#label !== '')) === this.#near;
  }

  #isCalled(element, sort) {
    for (const name of namesOf(element, sort)) if (name && sameWords(name) === this.#label) return true;
    return false;
  }
}

/**
 * What a thing is, without what it holds: a value never, and a text that is somebody's, or looks like it, only by what stands around it.
 * None, when nothing is left by which it could be found again.
 */
function describeThing(element, isSecret) {
  const role = thingRoleOf(element);
  const sort = sortOf(role);
  const said = (text) => (isSecret(text) ? '' : wordsOf(text));
  const authored = [...namesOf(element, sort)].filter((text) => sort !== 'text' || text !== element.textContent);
  let label = authored.map(said).find(Boolean) ?? '';
  let near = said(nearOf(element, label !== ''));
  if (sort === 'text' && !label && !near) {
    label = said(element.textContent);
    near = label && said(nearOf(element, true));
  }
  // A legend is not told apart by what it says itself.
  if (near === label) near = '';
  const [kind = ''] = HOLDING.has(sort) ? kindsOf(element) : [];
  const isFound = label || (!BROAD.has(sort) && (near || (kind && kind !== 'text')));
  return role && isFound ? { role, label, kind, near } : null;
}
