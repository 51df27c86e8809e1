// What is secret by its own shape: text that holds a card's number, an IBAN, an address to write to.

const luhn = (digits) => {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    let digit = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
};

/** ISO 13616: the first four characters go to the end, letters count from ten. */
function isIban(text) {
  const compact = text.replace(/[\s.-]/g, '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return false;
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    for (const digit of String(parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

/** Where an IBAN begins the text is not known to end: each length that a country has is tried. */
function hasIban(text) {
  for (const { 0: found } of text.matchAll(/\b[a-z]{2}\d{2}(?:[ .-]?[a-z0-9]){11,30}/gi)) {
    for (let end = found.length; end >= 15; end -= 1) if (isIban(found.slice(0, end))) return true;
  }
  return false;
}

/** Numbers of 13 to 19 digits, in a row or as they are printed on cards (ISO/IEC 7812: issuers begin with these). */
function hasCard(text) {
  const shape = /(?<![\p{L}\d])(?:\d{13,19}|\d{4}([ \u00a0.-])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ \u00a0.-])\d{6}\2\d{4,5})(?!\d)/gu;
  for (const { 0: found } of text.matchAll(shape)) {
    const digits = found.replace(/\D/g, '');
    if (/^(4|5[0-9]|2[2-7]|3[0-9]|6)/.test(digits) && luhn(digits)) return true;
  }
  return false;
}

/** Spain's DNI and NIE: the letter is the number modulo 23. */
const isDni = (text) => 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(text.slice(0, -1).replace(/^[XYZ]/i, (c) => 'XYZ'.indexOf(c.toUpperCase()))) % 23] === text.slice(-1).toUpperCase();

/** France's NIR: the key is 97 less the number modulo 97; Corsica counts as 19 and 18. */
const isNir = (text) => 97 - Number(BigInt(text.slice(0, 13).replace(/2A/i, '19').replace(/2B/i, '18')) % 97n) === Number(text.slice(13));

/** Germany's tax id: ISO 7064 MOD 11,10. */
function isSteuerId(text) {
  let product = 10;
  for (const digit of text.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(text[10]) && new Set(text.slice(0, 10)).size >= 8 - 1 && text[0] !== '0';
}

/** Britain's NHS number: modulo 11. */
function isNhs(text) {
  const sum = [...text.slice(0, 9)].reduce((all, digit, i) => all + Number(digit) * (10 - i), 0);
  return (11 - (sum % 11)) % 11 === Number(text[9]);
}

const compact = (text) => text.replace(/[\s.-]/g, '');

function hasNationalId(text) {
  const any = (pattern, is) => [...text.matchAll(pattern)].some(({ 0: found }) => is(compact(found)));
  return (
    any(/\b(?:\d{8}|[XYZ]\d{7})-?[A-Z]\b/gi, isDni) ||
    any(/\b[12378] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b/gi, isNir) ||
    any(/\b[1-9]\d ?\d{3} ?\d{3} ?\d{3}\b/g, isSteuerId) ||
    any(/\b\d{3} \d{3} \d{4}\b/g, isNhs) ||
    // Italy's codice fiscale, the United States' SSN, Britain's National Insurance, Switzerland's AHV: by their shape.
    /\b[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/i.test(text) ||
    /\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b/.test(text) ||
    /\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/.test(text) ||
    /\b756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}\b/.test(text)
  );
}

const SHAPES = {
  cards: hasCard,
  bank_accounts: hasIban,
  national_ids: hasNationalId,
  email: (text) => /[\p{L}\d._%+-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/u.test(text),
  phone: (text) => /(?<![\p{L}\d.,-]|\d ?)(?:(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){7,13}|\(?0\d{1,4}\)?[ /-](?:[ -]?\d){5,9})(?!\d)/u.test(text),
  birth_dates: (text) => {
    const found = /\d{1,4}[./-]\d{1,2}[./-]\d{1,4}/.exec(text);
    return found !== null && WORDS.find(([name]) => name === 'birth_dates')[1].test(plainWords(text.slice(Math.max(0, found.index - 60), found.index)));
  },
};
/** What none of the shapes is without. */
const COULD_BE = /@|\d(?:\D{0,3}\d){5}|\b[A-Z]{6}\d{2}/i;

/** Whether a text is secret by a preset or by a rule of the company's. */
function isSecretText(rules, text) {
  if (rules.show.text.some((one) => one.test(text))) return false;
  if (rules.mask.text.some((one) => one.test(text))) return true;
  if (!COULD_BE.test(text)) return false;
  return Object.entries(SHAPES).some(([preset, has]) => rules.hides.has(preset) && has(text));
}

/** Fields whose numbers are no secret however long: what is not known could be a card's beginning. */
const NUMBERS = /\b(zip|post ?code|postal|plz|postleitzahl|code postal|codigo postal|cap|npa|quantity|qty|menge|quantite|cantidad|quantita|year|jahr|annee|ano|anno|amount|betrag|montant|importe|importo|price|preis|prix|precio|prezzo)\b/;

/** Country and check digits, and then whatever (registry of ISO 13616). */
const IBAN_BEGINS =
  /^\s*(a[delotz]|b[aeghiry]|c[hrz]|d[ejko]|e[egs]|f[ikor]|g[beilrt]|h[nru]|i[elqst]|jo|k[wz]|l[bcituvy]|m[cdekrntu]|n[iol]|om|p[klst]|qa|r[osu]|s[acdeikmotv]|t[lnr]|ua|v[ag]|xk|ye)\d{2}[a-z0-9 ]*$/i;

/** Whether a field's value is, or could become, a number that is hidden: four digits are enough. */
function isSecretValue(rules, element, value) {
  if (isSecretText(rules, value)) return true;
  if (!rules.hides.has('cards') && !rules.hides.has('bank_accounts')) return false;
  const digits = value.replace(/\D/g, '');
  const isNumber = digits.length >= 4 && /^[\d\s.-]+$/.test(value);
  if (isNumber || IBAN_BEGINS.test(value)) {
    const type = element.type;
    if (/^(date|time|month|week|datetime-local|search|url|color|range)$/.test(type)) return false;
    const names = [...labelOf(element), element.name, element.id, element.getAttribute('aria-label'), element.getAttribute('placeholder'), element.autocomplete];
    return digits.length > 11 || !NUMBERS.test(plainWords(names.filter(Boolean).join(' ')));
  }
  return false;
}
