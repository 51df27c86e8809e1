// What the guard takes a field, a text or a button for, in a real browser.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser } from './people.mjs';

const masking = new URL('../../browser-node/masking/', import.meta.url);
const source = ['words', 'classify', 'text', 'rules'].map((name) => readFileSync(new URL(`page/${name}.js`, masking), 'utf8')).join('\n');
/** The corpus' words and the presets'. */
const PRESETS = {
  password: 'passwords',
  card: 'cards',
  bank: 'bank_accounts',
  national_id: 'national_ids',
  birth_date: 'birth_dates',
  email: 'email',
  phone: 'phone',
};
const POLICY = {
  masking: { presets: Object.values(PRESETS), rules: [] },
  blocking: { presets: ['buy', 'accept', 'send', 'delete', 'sign'], rules: [] },
};

let browser, page;
before(async () => {
  browser = await openBrowser();
  page = await browser.newPage();
});
after(() => browser?.close());

/** Evaluates with the guard's own source around it. */
const inPage = (code, ...given) => page.evaluate(`((...given) => { ${source}; return (${code})(...given) })(...${JSON.stringify(given)})`);

test('fields of forms in five languages', async () => {
  const all = { secret: 0, missed: [], plain: 0, hidden: [], other: [] };
  let forms = 0;
  for (const file of readdirSync(new URL('corpus/', masking))) {
    await page.setContent(readFileSync(new URL(`corpus/${file}`, masking), 'utf8'));
    forms += await page.locator('form').count();
    const found = await inPage(() =>
      [...document.querySelectorAll('[data-expect]')]
        .filter(({ type }) => !/^(checkbox|radio)$/.test(type))
        .map((field) => [`${field.closest('form').dataset.form}: ${field.outerHTML.slice(0, 90)}`, field.dataset.expect, kindOf(field)]),
    );
    for (const [which, expected, kind] of found) {
      const isHidden = kind !== null && kind !== 'plain';
      const preset = PRESETS[expected];
      if (preset) {
        all.secret += 1;
        if (!isHidden) all.missed.push(which);
        else if (kind !== preset) all.other.push(`${which}: ${kind}`);
      } else {
        all.plain += 1;
        if (isHidden) all.hidden.push(which);
      }
    }
  }
  const share = (part, of) => `${((100 * part) / of).toFixed(1)} %`;
  console.log(
    `${forms} forms: ${share(all.secret - all.missed.length, all.secret)} of ${all.secret} secret fields hidden, ` +
      `${share(all.hidden.length, all.plain)} of ${all.plain} others; ${all.other.length} taken for another kind of secret`,
  );
  assert.ok(forms >= 150);
  assert.ok(all.missed.length <= all.secret * 0.02, `not hidden:\n${all.missed.join('\n')}`);
  assert.ok(all.hidden.length <= all.plain * 0.02, `hidden:\n${all.hidden.join('\n')}`);
  assert.ok(all.other.length <= all.secret * 0.05, all.other.join('\n'));
});

test('texts by their shape and their check digits', async () => {
  const secret = [
    'Card 4111 1111 1111 1111',
    '5500-0000-0000-0004',
    '378282246310005',
    'Paid with 6011000990139424 today',
    'IBAN DE89 3704 0044 0532 0130 00.',
    'FR1420041010050500013M02606',
    'Tu DNI: 12345678Z',
    'NIE X1234567L',
    'NIR 2 55 08 14 168 025 38',
    'Steuer-ID 86 095 742 719',
    'NHS 943 476 5919',
    'Codice fiscale RSSMRA85T10A562S',
    'SSN 078-05-1120',
    'NI QQ 12 34 56 C'.replace('QQ', 'AB'),
    'AHV 756.9217.0769.85',
    'write to eva.lopez@example.org',
    'Call +34 600 100 200',
    '030 1234567',
    'Date of birth: 12/03/1980',
    'Geburtsdatum 12.03.1980',
  ];
  const open = [
    'Card 4111 1111 1111 1112',
    'Order 100200300400',
    'IBAN DE88 3704 0044 0532 0130 00',
    'DNI 12345678A',
    '1,299.00 €',
    'Delivered on 12/03/2026',
    'Version 1.2.3.4, build 20261125',
    '2026-11-25 10:30',
    'Follow us @example',
    '50 × 120 × 75 cm',
    '',
  ];
  const found = (texts) => inPage((policy, texts) => texts.map((text) => isSecretText(new Rules(policy), text)), POLICY, texts);
  const wrong = async (texts, expected) => (await found(texts)).flatMap((is, i) => (is === expected ? [] : [texts[i]]));
  assert.deepEqual(await wrong(secret, true), []);
  assert.deepEqual(await wrong(open, false), []);
});

test('values that could become a card or an account', async () => {
  await page.setContent(`<input id="code" name="code"><input id="plz" name="plz"><input id="reference" name="reference"><input type="date" id="day">`);
  const cases = [
    ['code', '411', false],
    ['code', '4111', true],
    ['code', 'DE89', true],
    ['plz', '10115', false],
    ['plz', '4111111111111111', true],
    ['reference', 'abc', false],
    ['day', '2026-11-25', false],
  ];
  for (const [id, value, expected] of cases) {
    const is = await inPage((policy, id, value) => isSecretValue(new Rules(policy), document.getElementById(id), value), POLICY, id, value);
    assert.equal(is, expected, `${value} in ${id}`);
  }
});

test('buttons by what they are called', async () => {
  const blocked = ['Buy now', 'Place your order', 'Pay €120.00', 'I agree', 'Accept all', 'Submit', 'Send message', 'Delete account', 'Sign document', 'Jetzt kaufen', 'Zahlungspflichtig bestellen', 'Löschen', 'Absenden', 'Vertrag kündigen', 'Unterschreiben', 'Payer', 'Valider la commande', 'Sign up and buy', 'Supprimer', 'Envoyer', 'J’accepte', 'Pagar', 'Aceptar', 'Enviar', 'Eliminar', 'Firmar', 'Acquista', 'Accetta', 'Invia', 'Elimina', 'Firma'];
  const open = ['Add to basket', 'Sign in', 'Sign up', 'Show more', 'Search', 'Next', 'Weiter', 'In den Warenkorb', 'Anmelden', 'Suivant', 'Ajouter au panier', 'Se connecter', 'Siguiente', 'Añadir al carrito', 'Avanti', 'Aggiungi al carrello', 'Menu', 'Cookie settings', 'Delivery', 'Payment methods'];
  const found = await inPage(
    (policy, names) =>
      names.map((name) => {
        const button = document.createElement('button');
        button.textContent = name;
        return new Rules(policy).blocksControl(button);
      }),
    POLICY,
    [...blocked, ...open],
  );
  assert.deepEqual([...blocked, ...open].filter((_, i) => found[i] !== i < blocked.length), []);
});

test('patterns are found whatever stands in them', async () => {
  const is = (pattern, text) =>
    inPage((policy, text) => isSecretText(new Rules(policy), text), { masking: { presets: [], rules: [{ what: { by: 'text', pattern }, hide: true }] }, blocking: { presets: [], rules: [] } }, text);
  for (const [pattern, text, expected] of [
    ['KD-######', 'Your number: kd-123456.', true],
    ['KD-######', 'KD-12345', false],
    ['a/b (c) [d] {e} $f ^g |h +i ?j \\k.', 'A/B (C) [D] {E} $F ^G |H +I ?J \\K.', true],
    ['balance*€', 'Balance today: 1,200.00 €', true],
    ['balance*€', `Balance ${'x'.repeat(60)} €`, false],
  ]) {
    assert.equal(await is(pattern, text), expected, `${pattern} in ${text}`);
  }
});

test('a rule that cannot be read holds for everything', async () => {
  await page.setContent('<input id="city" name="city"><button id="more">More</button>');
  const rule = (what) => ({ what, hide: true, block: true });
  const judged = (maskRules, blockRules) =>
    inPage(
      (policy) => {
        const rules = new Rules(policy);
        return [rules.hidesField(document.getElementById('city')), rules.blocksControl(document.getElementById('more'))];
      },
      { masking: { presets: [], rules: maskRules }, blocking: { presets: [], rules: blockRules } },
    );
  assert.deepEqual(await judged([], []), [false, false]);
  assert.deepEqual(await judged([rule({ by: 'selector', selector: 'a:::b' })], [rule({ by: 'selector', selector: ':nonsense(' })]), [true, true]);
  assert.deepEqual(await judged([rule({ by: 'label', pattern: 'ci*' })], [rule({ by: 'label', pattern: 'mor' })]), [false, true]);
  assert.deepEqual(await judged([{ site: 'elsewhere.example', ...rule({ by: 'selector', selector: 'input' }) }], []), [false, false]);
  assert.deepEqual(await inPage(() => [new Rules(null).hidesField(document.getElementById('city')), new Rules(null).blocksControl(document.getElementById('more'))]), [true, true]);
});
