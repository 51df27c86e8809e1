// PDFs: customer and agent both see them, and what is secret in them the customer alone.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { lines, MAGENTA, pdfOf } from './pdfs.mjs';
import { clickAt, colourAt, isNear, joinAsAgent, joinAsCustomer, openBrowser, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 800, height: 652 } };
const GREEN = [0, 160, 0];
const BLUE = [0, 0, 200];

const harmless = [60, 720, 40, 'A letter with nothing in it', '0 0 0.78'];
const link = (rectangle, address) => `<< /Type /Annot /Subtype /Link /Rect [${rectangle}] /A << /S /URI /URI (${address}) >> >>`;
const appearance = (text) => `<< /Type /XObject /Subtype /Form /BBox [0 0 400 60] /Resources << /Font << /F 3 0 R >> >> /Length ${text.length} >>\nstream\n${text}\nendstream`;
const field = (name, label, value, rectangle, number) =>
  `<< /Type /Annot /Subtype /Widget /FT /Tx /T (${name}) /TU (${label}) /V (${value}) /DA (/F 30 Tf 1 0 1 rg) /Rect [${rectangle}] /F 4 /AP << /N ${number} 0 R >> >>`;

const FILES = {
  letter: () =>
    pdfOf(
      [
        {
          content: lines(harmless, [60, 640, 40, '4111 1111 1111 1111', MAGENTA], [60, 560, 36, 'DE89 3704 0044', MAGENTA], [340, 560, 36, '0532 0130 00', MAGENTA], [60, 480, 36, 'See our shop']),
          annotations: link('60 470 300 520', `${address('next')}`),
        },
        { content: lines(harmless, [60, 640, 30, 'Write to'], [60, 600, 30, 'someone@mail.example', MAGENTA]) },
        { content: lines(harmless) },
      ],
      { title: 'A letter' },
    ),
  plain: () => pdfOf([{ content: `0 0 0.78 rg 60 500 400 200 re f ${lines([60, 720, 40, 'Harmless'])}` }]),
  words: () => pdfOf([{ content: `0 0 0.78 rg 60 600 480 60 re f ${lines([60, 720, 40, 'Harmless'], [60, 500, 40, 'KD-123456 is a name', MAGENTA], [60, 400, 40, 'rosebud', MAGENTA])}` }]),
  scan: () => pdfOf([{ content: 'q 500 0 0 700 50 50 cm /I Do Q' }]),
  form: () =>
    pdfOf([{ content: lines(harmless), annotations: '100 0 R 101 0 R 102 0 R' }], {
      more: {
        100: field('f1', 'Account number', '42', '60 600 460 660', 103),
        101: field('iban', '', 'none', '60 520 460 580', 103),
        102: '<< /Type /Annot /Subtype /Stamp /Rect [60 420 460 480] /F 4 /AP << /N 103 0 R >> >>',
        103: appearance('1 0 1 rg 0 0 400 60 re f'),
      },
    }),
  long: () =>
    pdfOf(Array.from({ length: 500 }, (_, i) => ({ content: lines([60, 720, 40, `Sheet ${i + 1}`, '0 0 0.78'], ...(i === 499 ? [[60, 400, 40, '4111 1111 1111 1111', MAGENTA]] : [])) }))),
  broken: () => Buffer.from('%PDF-1.4 and then nothing'),
  huge: () => Buffer.alloc(34 << 20, '%'),
};
const PAGES = {
  next: `<title>Next</title><body style="margin:0;background:rgb(0,160,0)">`,
  framed: `<title>Framed</title><style>* { margin: 0; border: 0 }</style><body style="background:rgb(0,160,0)"><iframe src="letter.pdf" style="display:block;margin-top:40px;width:760px;height:500px"></iframe>`,
  embedded: `<title>Embedded</title><style>* { margin: 0; border: 0 }</style><body style="background:rgb(0,160,0)"><embed src="letter.pdf" type="application/pdf" style="display:block;margin-top:40px;width:760px;height:240px"><object data="letter.pdf" type="application/pdf" style="display:block;width:760px;height:240px"></object>`,
  typed: `<title>Typed</title><input type="password" autofocus style="width:300px;height:40px"><p><a href="words.pdf">Words</a>`,
  copied: `<title>Copied</title><html data-tandem-pdf><style>* { margin: 0 }</style><body style="background:rgb(0,160,0)"><section><canvas></canvas><canvas id="c" data-tandem-pdf="text" width="600" height="300"></canvas><div data-tandem-text><span>4111 1111 1111 1111</span></div></section>
    <script>const x = c.getContext('2d'); x.fillStyle = '#f0f'; x.fillRect(0, 0, 600, 300)</script>`,
};

let server, system, browser, made, customer, agent;
const address = (name) => `http://127.0.0.1:${server.address().port}/${name}`;
before(async () => {
  server = createServer((request, response) => {
    const [name, kind] = new URL(request.url, 'http://x').pathname.slice(1).split('.');
    response.setHeader('content-type', kind === 'pdf' ? 'application/pdf' : 'text/html; charset=utf-8');
    response.end(kind === 'pdf' ? FILES[name]() : `<!doctype html>${PAGES[name] ?? ''}`);
  });
  await new Promise((up) => server.listen(0, up));
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: `127.0.0.1:${server.address().port}` }), openBrowser()]);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: address('next'), viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, WINDOW);
  agent = await joinAsAgent(browser, made.agent_url, WINDOW);
  for (const page of [customer, agent]) await page.evaluate(watch, [SCREEN, VIEWPORT]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});

/** Counts pictures that this person's decoder gives, and those with magenta in them. Runs in their page. */
function watch([screen, { width, height }]) {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const seen = (window.seen = { pictures: 0, magenta: 0 });
  const track = document.querySelector(screen).srcObject.getVideoTracks()[0];
  void new MediaStreamTrackProcessor({ track }).readable.pipeTo(
    new WritableStream({
      write(picture) {
        context.drawImage(picture, 0, 0, width, height);
        picture.close();
        const { data } = context.getImageData(0, 0, width, height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4) if (Math.min(data[i], data[i + 2]) - data[i + 1] > 40) found += 1;
        seen.pictures += 1;
        if (found >= 12) seen.magenta += 1;
      },
    }),
  );
}
const seen = (page) => page.evaluate(() => ({ ...window.seen }));
const forget = () => Promise.all([customer, agent].map((page) => page.evaluate(() => Object.assign(window.seen, { pictures: 0, magenta: 0 }))));
const shows = (page, place, colour) => until(`${colour} at ${place}`, async () => isNear(await colourAt(page, place, VIEWPORT), colour));
/** Whether there is a colour anywhere in a part of the picture. */
const hasIn = (page, area, colour) =>
  page.evaluate(
    ([screen, [x, y, width, height], [red, green, blue], viewport]) => {
      const video = document.querySelector(screen);
      const scale = video.videoWidth / viewport;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(video, x * scale, y * scale, width * scale, height * scale, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, height);
      return data.some((_, i) => i % 4 === 0 && Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue) < 120);
    },
    [SCREEN, area, colour, VIEWPORT.width],
  );
const showsIn = (page, area, colour, what) => until(what, () => hasIn(page, area, colour));
const tab = async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs[0];
async function open(name, title) {
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address(name) });
  await until(`the page of ${name}`, async () => (await tab()).url.includes(`/${name}`) && (!title || (await tab()).title === title));
}
const customerSeesMagenta = () => until('the customer to see it', async () => (await seen(customer)).magenta > 0);
/** The agent saw something, and no magenta. */
async function agentSawNone(what) {
  const { pictures, magenta } = await seen(agent);
  assert.ok(pictures > 0, `${what}: the agent saw no picture`);
  assert.equal(magenta, 0, `${what}: ${magenta} of ${pictures} pictures`);
}
const wheel = async (page, by) => {
  const box = await page.locator(SCREEN).boundingBox();
  await page.mouse.move(box.x + 300, box.y + 300);
  for (let i = 0; i < 12; i += 1) {
    await page.mouse.wheel(0, by);
    await page.waitForTimeout(40);
  }
};

test('both read a letter; its numbers the customer alone, also while it is scrolled and zoomed', async () => {
  await forget();
  await open('letter.pdf', 'A letter');
  assert.equal((await tab()).url, address('letter.pdf'));
  await showsIn(agent, [90, 110, 500, 70], BLUE, 'the agent to read the harmless line');
  await customerSeesMagenta();
  await agentSawNone('at rest');
  await wheel(customer, 160);
  await wheel(agent, 160);
  await wheel(agent, -320);
  await agentSawNone('scrolled');
  for (let i = 0; i < 3; i += 1) await clickAt(agent, [643, 26], VIEWPORT);
  await agent.waitForTimeout(1_000);
  for (let i = 0; i < 4; i += 1) await clickAt(customer, [547, 26], VIEWPORT);
  await customer.waitForTimeout(1_000);
  await clickAt(customer, [687, 26], VIEWPORT);
  await showsIn(agent, [90, 110, 500, 70], BLUE, 'the agent to read the harmless line again');
  await customerSeesMagenta();
  await agentSawNone('zoomed');
});

test('what is hidden is not found', async () => {
  await forget();
  await clickAt(agent, [751, 26], VIEWPORT);
  await agent.keyboard.type('4111');
  await agent.waitForTimeout(1_500);
  await agentSawNone('searched');
  await agent.keyboard.press('Escape');
});

test('links lead on, and back again', async () => {
  await clickAt(agent, [200, 433], VIEWPORT);
  await shows(agent, [400, 300], GREEN);
  await customer.getByLabel('Back').first().click();
  await until('the letter', async () => (await tab()).title === 'A letter');
  await showsIn(agent, [90, 110, 500, 70], BLUE, 'the agent to read the letter again');
});

test('a sheet without a secret is one picture for both', async () => {
  await open('plain.pdf');
  for (const page of [agent, customer]) await shows(page, [300, 300], BLUE);
});

test('a scan is hidden whole', async () => {
  await forget();
  await open('scan.pdf');
  await customerSeesMagenta();
  await shows(agent, [200, 200], [255, 255, 255]);
  await agentSawNone('a scan');
});

test('what is filled in is judged by its names, and what cannot be judged is hidden', async () => {
  await forget();
  await open('form.pdf');
  await showsIn(agent, [90, 110, 500, 70], BLUE, 'the agent to read the harmless line');
  await customerSeesMagenta();
  await agentSawNone('a form');
});

test('what was typed is hidden, and what the policy comes to hide', async () => {
  await open('typed', 'Typed');
  await clickAt(customer, [100, 20], VIEWPORT);
  await customer.keyboard.type('rosebud');
  await customer.keyboard.press('Tab');
  const rules = [{ what: { by: 'text', pattern: 'KD-######' }, hide: true }];
  assert.equal((await system.api('PUT', '/companies/demo/policy', { masking: { rules } })).status, 200);
  await forget();
  await open('words.pdf');
  await shows(agent, [300, 270], BLUE);
  await customerSeesMagenta();
  await agentSawNone('typed before');
  const more = [...rules, { what: { by: 'text', pattern: 'harmless' }, hide: true }];
  assert.equal((await system.api('PUT', '/companies/demo/policy', { masking: { rules: more } })).status, 200);
  await until('the word to be covered', async () => !(await hasIn(agent, [90, 110, 500, 70], [0, 0, 0x99])));
  await agentSawNone('a policy that changed');
  await system.api('PUT', '/companies/demo/policy', {});
});

test('in a frame, an object or an embed it is shown as anywhere', async () => {
  for (const [name, title, areas] of [
    ['framed', 'Framed', [[60, 100, 500, 120]]],
    ['embedded', 'Embedded', [[60, 100, 500, 120], [60, 340, 500, 120]]],
  ]) {
    await forget();
    await open(name, title);
    await customerSeesMagenta();
    for (const area of areas) await showsIn(agent, area, BLUE, `the agent to read the harmless line in ${name}`);
    await agentSawNone(name);
  }
});

test('a page that is made like ours gains nothing', async () => {
  await forget();
  await open('copied', 'Copied');
  await customerSeesMagenta();
  await shows(agent, [700, 400], GREEN);
});

test('five hundred sheets are read to the last', async () => {
  await open('next', 'Next');
  for (const page of [customer, agent]) await shows(page, [400, 300], GREEN);
  await forget();
  await open('long.pdf');
  await clickAt(customer, [700, 300], VIEWPORT);
  await until('the last sheet', async () => {
    await customer.keyboard.press('End');
    return (await seen(customer)).magenta > 0;
  });
  await agentSawNone('the last of five hundred sheets');
});

test('what cannot be shown says so', async () => {
  for (const name of ['broken.pdf', 'huge.pdf']) {
    await open(name);
    // A sentence in the middle, on the stage's colour.
    await shows(agent, [60, 300], [227, 232, 233]);
    await showsIn(agent, [150, 310, 500, 40], [16, 32, 31], `the sentence of ${name}`);
  }
  await open('next', 'Next');
  await shows(agent, [400, 300], GREEN);
});
