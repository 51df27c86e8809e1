// What a field is for, from what its author says of it.

/** The texts of an element's labels. */
function labelOf(element) {
  const texts = [];
  for (const label of element.labels ?? []) texts.push(textOf(label, element));
  const root = element.getRootNode();
  for (const id of (element.getAttribute('aria-labelledby') ?? '').split(/\s+/)) {
    const by = id && root.getElementById?.(id);
    if (by) texts.push(textOf(by, element));
  }
  return texts;
}

/** An element's text, without that of the fields in it. */
function textOf(element, without) {
  if (!element.contains(without)) return element.textContent.slice(0, 200);
  let text = '';
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else if (child !== without && !child.contains(without) && !/^(select|textarea|script|style)$/.test(child.localName)) text += ` ${child.textContent}`;
    else if (child.contains?.(without) && child !== without) text += ` ${textOf(child, without)}`;
  }
  return text.slice(0, 200);
}

/** What stands above a group of fields, or right before a field that nothing labels. */
function surroundings(element) {
  const texts = [];
  const group = element.closest('fieldset,[role=group],[role=radiogroup]');
  if (group && group.querySelectorAll('input,select').length <= 6) {
    texts.push(group.querySelector('legend')?.textContent ?? '', group.getAttribute('aria-label') ?? '', ...labelOf(group));
  }
  return texts;
}

/** The text right before a field, as a table or a list of lines has it. */
function before(element) {
  for (let at = element, up = 0; at && up < 3; at = at.parentElement, up += 1) {
    for (let near = at.previousSibling; near; near = near.previousSibling) {
      if (near.nodeType === Node.ELEMENT_NODE && near.matches('input,select,textarea,button,form,fieldset')) return '';
      const text = near.textContent?.trim();
      if (text && near.nodeType !== Node.COMMENT_NODE) return text.length <= 80 ? text : '';
    }
    if (/^(form|fieldset|body|td|li)$/.test(at.localName) && at.localName !== 'td') return '';
  }
  return '';
}

/** A preset's name, `plain` for a field whose author says that it is harmless, `null` for one that says nothing. */
function kindOf(element) {
  const type = element.localName === 'input' ? element.type : element.localName;
  if (type === 'password') return 'passwords';
  const tokens = (element.getAttribute('autocomplete') ?? '').toLowerCase().split(/\s+/);
  const told = tokens.map(ofAutocomplete).find(Boolean);
  if (told && told !== 'plain') return told;
  const attribute = (name) => element.getAttribute(name) ?? '';
  const labels = labelOf(element);
  const own = [...labels, attribute('aria-label'), attribute('placeholder'), attribute('title')];
  const names = [attribute('name'), attribute('id'), attribute('data-fieldtype'), attribute('data-testid')];
  for (const text of [...own, ...names]) {
    const kind = kindOfWords(plainWords(text));
    // Who says "name" by autocomplete and "card" by label means the holder.
    if (kind && !(told === 'plain' && kind !== 'cards')) return kind;
  }
  if (type === 'email') return 'email';
  if (told === 'plain') return 'plain';
  const said = own.map(plainWords).filter(Boolean);
  const around = said.every((text) => PART.test(text)) ? [...surroundings(element), labels.length > 0 ? '' : before(element)] : [];
  for (const text of around) {
    const kind = kindOfWords(plainWords(text));
    if (kind) return kind;
  }
  if (type === 'tel') return 'phone';
  return HARMLESS.test(plainWords([...own, ...names].join(' '))) ? 'plain' : null;
}
