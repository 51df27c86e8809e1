// A site of the test's own: its pages write down here what reached them.
import { createServer } from 'node:http';

/** What every page has: `note(name, value)` tells the test the latest value of something. */
const NOTE = `<script>
  const notes = {};
  let sending = false;
  async function note(name, value) {
    notes[name] = value;
    if (sending) return;
    sending = true;
    for (let sent = ''; sent !== JSON.stringify(notes); ) {
      sent = JSON.stringify(notes);
      await fetch('/note/' + location.pathname.split('/')[2], { method: 'POST', body: sent });
    }
    sending = false;
  }
</script>`;

/**
 * Serves `pages` (name → HTML) at `/name/key`; `notes(key)` has what the page that was opened with that key wrote down, and
 * `requests(key)` the headers with which it was asked for.
 */
export async function openNotebook(pages) {
  const notes = new Map();
  const requests = new Map();
  const server = createServer((request, response) => {
    const [, name, key] = request.url.split('/');
    if (name === 'note') {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        notes.set(key, JSON.parse(body));
        response.end();
      });
      return;
    }
    requests.set(key, [...(requests.get(key) ?? []), request.headers]);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html>${NOTE}${pages[name] ?? ''}`);
  });
  await new Promise((up) => server.listen(0, '127.0.0.1', up));
  const host = `127.0.0.1:${server.address().port}`;
  return {
    host,
    address: (name, key) => `http://${host}/${name}/${key}`,
    notes: (key) => notes.get(key) ?? {},
    requests: (key) => requests.get(key) ?? [],
    close: () => server.close(),
  };
}
