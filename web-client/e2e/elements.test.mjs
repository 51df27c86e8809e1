// Rules by what an element is, in a real browser: described on one page, found on changed ones, and nothing else with it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser } from './people.mjs';

const guard = new URL('../../browser-node/masking/page/', import.meta.url);
const parts = ['words', 'classify', 'text', 'element', 'rules', 'dom', 'document', 'gate', 'pick'];
const source = `const NAME = 'guard'; ${parts.map((name) => readFileSync(new URL(`${name}.js`, guard), 'utf8')).join('\n')}`;

let browser, page;
before(async () => {
  browser = await openBrowser();
  page = await browser.newPage();
});
after(() => browser?.close());

const inPage = (code, ...given) => page.evaluate(`((...given) => { ${source}; return (${code})(...given) })(...${JSON.stringify(given)})`);

const HEAD = '<!doctype html><meta charset="utf-8"><title>Balance</title><style>* { margin: 0 }</style><!-- Voucher --><script>1</script>';

/** What the thing that `#it` marks is, on this page. */
async function describe(html) {
  await page.setContent(HEAD + html);
  return inPage(() => describeThing(document.querySelector('#it'), (text) => Object.values(SHAPES).some((has) => has(text))));
}

/** The marks (`data-is`) of what a rule finds on this page, the outermost of each. */
async function found(element, html) {
  await page.setContent(HEAD + html);
  return inPage((element) => {
    const finder = new Finder(element);
    // An exception would be a thing that is found.
    const all = [...document.querySelectorAll('*')].filter((one) => finder.finds(one, true));
    return all.filter((one) => !all.some((other) => other !== one && other.contains(one))).map((one) => one.dataset.is ?? one.closest('[data-is]')?.dataset.is ?? one.outerHTML);
  }, element);
}

/** `page` as it was when somebody pointed at `#it`; in all of `changed` what is marked `data-is=it` is found, and nothing else. `near` says whether the rule holds the surroundings. */
const TABLE = [
  {
    name: 'a field by its label',
    page: '<form><label for="it">Customer number</label><input id="it" class="a1" value="KD-99812"><label for="b">City</label><input id="b"></form>',
    element: { role: 'textbox', label: 'Customer number', kind: 'text', near: '' },
    changed: [
      '<label class="x">  CUSTOMER   number: <span><input type="tel" name="q" data-is="it"></span></label><input aria-label="City">',
      '<p id="l">Customer number *</p><div><div><input aria-labelledby="l" type="number" data-is="it"></div></div><input placeholder="Postcode">',
      '<input aria-label="Order number"><input placeholder="customer number" data-is="it">',
      '<div role="textbox" contenteditable aria-label="Customer number" data-is="it">KD</div><button>Customer number</button><h2>Customer number</h2>',
    ],
  },
  {
    name: 'a field whose label is there twice, by its section',
    page: '<fieldset><legend>Invoice</legend><label>Street<input></label></fieldset><fieldset><legend>Delivery</legend><label>Street<input id="it"></label></fieldset>',
    element: { role: 'textbox', label: 'Street', kind: 'text', near: 'Delivery' },
    near: true,
    changed: [
      '<section><h2>Delivery</h2><p><label>Street <input data-is="it"></label></p></section><section><h2>Invoice</h2><label>Street <input></label></section>',
      '<div role="group" aria-label="delivery"><input aria-label="Street" data-is="it"></div><div role="group" aria-label="Invoice"><input aria-label="Street"></div>',
    ],
  },
  {
    name: 'a field that nothing labels, by the words before it',
    page: '<form><div>Voucher</div><div><input id="it" name="v"></div><div>City</div><div><input></div></form>',
    element: { role: 'textbox', label: '', kind: 'text', near: 'Voucher' },
    changed: ['<table><tr><td>City<td><input><tr><td>Voucher:<td><input class="n" data-is="it"></table>', '<p>Voucher <input data-is="it"></p><p>Voucher code <input></p>'],
  },
  {
    name: 'a button by what it says, whatever it costs today',
    page: '<button id="it" class="btn">Pay 120.00 €</button><button>Pay later</button>',
    element: { role: 'button', label: 'Pay # €', kind: '', near: '' },
    changed: ['<div><a role="button" data-is="it"><b>Pay</b> 7 €</a></div><button>Pay</button><a href="#">Pay 7 €</a>', '<input type="submit" value="PAY 1,300.50 €" data-is="it"><input value="Pay 9 €">'],
  },
  {
    name: 'one of many buttons, by the heading of its card',
    page: '<ul><li><h3>Oak chair</h3><button>Remove</button></li><li><h3>Ash desk</h3><button id="it">Remove</button></li></ul>',
    element: { role: 'button', label: 'Remove', kind: '', near: 'Ash desk' },
    near: true,
    changed: ['<article><header><h2>Ash desk</h2></header><p>Nice</p><div><button data-is="it">remove</button></div></article><article><h2>Oak chair</h2><button>Remove</button></article>'],
  },
  {
    name: 'a value by the header of its row, and never by itself',
    page: '<h2>Account</h2><table><tr><th>Holder</th><td>Eva López</td></tr><tr><th>Balance</th><td id="it">1,204.00 €</td></tr></table>',
    element: { role: 'cell', label: '', kind: '', near: 'Balance' },
    changed: [
      '<dl><dt>Balance</dt><dd data-is="it">7 €</dd><dt>Holder</dt><dd>Max</dd></dl>',
      '<div class="row"><span>Balance</span> <strong data-is="it">99.10 €</strong></div><div class="row"><span>Holder</span><strong>Max</strong></div>',
      '<p>Balance: <b data-is="it">99.10 €</b></p><p>Balance of last year: <b>12 €</b></p>',
      '<section><h3>Balance</h3><p data-is="it">1.204,00 €</p><p>As of today</p></section>',
      '<table><tr><td>Holder<td>Max<tr><td>Balance<td data-is="it"><span>5 €</span></table>',
    ],
  },
  {
    name: 'a column by its header',
    page: '<table><thead><tr><th>Date<th>Account</thead><tr><td>1/2<td id="it">DE89 3704</table>',
    element: { role: 'cell', label: '', kind: '', near: 'Account' },
    changed: ['<table><thead><tr><th>Account<th>Date<th>Sum</thead><tbody><tr><td data-is="it">x<td>y<td>z<tr><td data-is="it">u<td>v<td>w</table>'],
  },
  {
    name: 'a name beside what it is, without the name',
    page: '<dl><dt>Name</dt><dd id="it">Eva López</dd><dt>City</dt><dd>Madrid</dd></dl>',
    element: { role: 'definition', label: '', kind: '', near: 'Name' },
    changed: ['<p>Name: <span data-is="it">Max Muster</span></p><p>City: <span>Berlin</span></p>'],
  },
  {
    name: 'a picture by what it shows',
    page: '<img id="it" alt="Your signature" src="a.png"><img alt="Logo">',
    element: { role: 'img', label: 'Your signature', kind: '', near: '' },
    changed: ['<figure><svg role="img" aria-label="Your signature" data-is="it"></svg></figure><svg><title>Logo</title></svg>'],
  },
  {
    name: 'a group by its legend',
    page: '<fieldset id="it"><legend>Payment</legend><input></fieldset>',
    element: { role: 'group', label: 'Payment', kind: '', near: '' },
    changed: ['<section aria-label="payment" data-is="it"><p>x</p></section><section aria-label="Delivery"></section><h2>Payment</h2>'],
  },
  {
    name: 'what stands alone under a heading, and neither labels nor legends there',
    page: '<fieldset><legend>Your plan</legend><p id="it">Yearly</p><p>Renewed in May</p></fieldset>',
    element: { role: 'paragraph', label: '', kind: '', near: 'Your plan' },
    changed: ['<section aria-label="Your plan"><div data-is="it">Monthly</div><label>Renew <input></label></section>', '<h3>Your plan</h3><p data-is="it">x</p><label>Name <input></label><p>A plan</p>'],
  },
  {
    name: 'a legend by what it says',
    page: '<fieldset><legend id="it">Payment</legend><input></fieldset>',
    element: { role: 'caption', label: 'Payment', kind: '', near: '' },
    changed: ['<table><caption data-is="it">Payment</caption><tr><td>Payment</table>'],
  },
  {
    name: 'a choice by its label, and never by what is chosen',
    page: '<label>Country <select id="it"><option>Spain</select></label>',
    element: { role: 'combobox', label: 'Country', kind: '', near: '' },
    changed: ['<label for="s">Country</label><select id="s" size="4" data-is="it"><option>France</select><select aria-label="Language"></select>'],
  },
];

for (const { name, page: first, element, near = false, changed } of TABLE) {
  test(name, async () => {
    const described = await describe(first);
    // The surroundings of what has a name of its own are a rule's only where it needs them.
    const rule = near || described.label === '' ? described : { ...described, near: '' };
    assert.deepEqual(rule, element);
    for (const html of changed) {
      const all = await found(rule, html);
      assert.ok(all.length > 0 && all.every((is) => is === 'it'), `${html}\nfound: ${all.join('\n')}`);
    }
    assert.deepEqual(await found(rule, '<h1>Welcome</h1><p>Nothing of it is here.</p><label>Search <input></label><button>Go</button>'), []);
  });
}

test('nothing that is somebody’s gets into a rule', async () => {
  const pages = [
    '<input id="it" value="4111 1111 1111 1111" placeholder="4111 1111 1111 1111" autocomplete="cc-number">',
    '<a id="it" href="#">eva.lopez@example.org</a>',
    '<p>Write to eva.lopez@example.org:</p><p id="it">Hello 12345678Z</p>',
    '<h2 id="it">IBAN DE89 3704 0044 0532 0130 00</h2>',
    '<table><tr><th>Card 4111 1111 1111 1111<td id="it">+34 600 100 200</table>',
    '<textarea id="it" aria-label="Notes">my secret diary of 1999</textarea>',
  ];
  for (const html of pages) {
    const element = await describe(html);
    const words = element ? `${element.label} ${element.near}` : '';
    assert.doesNotMatch(words, /\d|@|lopez|diary/i, html);
  }
  assert.equal(await describe('<p id="it">eva.lopez@example.org</p>'), null, 'what cannot be described is no rule');
  assert.equal(await describe('<div id="it"></div>'), null);
});

test('what is pointed at is the thing that is meant', async () => {
  const meant = async (html) => {
    await page.setContent(html);
    return inPage(() => wholeOf(document.querySelector('#hit')).dataset.is);
  };
  for (const html of [
    '<label><b id="hit">City</b> <input data-is="it"></label>',
    '<button data-is="it"><svg><path id="hit"/></svg> Go</button>',
    '<p data-is="it"><em id="hit">The</em> whole sentence</p>',
    '<p>Total <span id="hit" data-is="it">950 €</span></p>',
    '<table><tr><td id="hit"><div><b data-is="it">12 €</b></div></table>',
    '<label>I agree to the <a href="#" data-is="it"><i id="hit">terms</i></a> <input type="checkbox"></label>',
  ]) {
    assert.equal(await meant(html), 'it', html);
  }
});

test('a rule that cannot be read holds for everything', async () => {
  await page.setContent('<input aria-label="City"><button>More</button>');
  const judged = (element) =>
    inPage(
      (element) => {
        const what = { by: 'element', element };
        const rules = new Rules({ masking: { presets: [], rules: [{ what, hide: true }] }, blocking: { presets: [], rules: [{ what, block: true }] } });
        return [rules.hidesField(document.querySelector('input')), rules.blocksControl(document.querySelector('button'))];
      },
      element,
    );
  assert.deepEqual(await judged({ role: 'textbox' }), [true, true]);
  assert.deepEqual(await judged({ role: 'textbox', label: 'city' }), [true, false]);
  assert.deepEqual(await judged({ role: 'button', label: 'more' }), [false, true]);
});

test('a page that puts something else in the place of its parts breaks nothing', async () => {
  await page.setContent(`${HEAD}<form><input name="getAttribute"><input name="parentElement"><input name="previousSibling"><input name="matches"><label>City <input></label></form>`);
  const [fields, form] = await inPage(() => {
    const finder = new Finder({ role: 'textbox', label: 'City' });
    return [[...document.querySelectorAll('input')].map((one) => finder.finds(one, true)), [finder.finds(document.forms[0], true), finder.finds(document.forms[0])]];
  });
  assert.deepEqual([fields, form], [[false, false, false, false, true], [true, false]]);
});

test('a large page is looked through in a moment', async () => {
  const rows = Array.from({ length: 1500 }, (_, i) => `<tr><th>Item ${i}<td>${i} €<td><button>Edit</button>`).join('');
  await page.setContent(`<h1>All</h1><table>${rows}</table>`);
  const took = await inPage(() => {
    const finders = [{ role: 'cell', near: 'Balance' }, { role: 'button', label: 'Pay' }, { role: 'textbox', label: 'City' }].map((one) => new Finder(one));
    const began = performance.now();
    for (const element of document.querySelectorAll('*')) for (const finder of finders) finder.finds(element);
    return performance.now() - began;
  });
  console.log(`three rules on 6,000 elements: ${took.toFixed(0)} ms`);
  assert.ok(took < 400, `${took} ms`);
});
