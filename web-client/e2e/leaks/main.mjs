// Runs all scenarios until as many pictures as asked for have been examined, and prints what they held.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openLab } from './lab.mjs';
import { scenarios } from './scenarios.mjs';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '6' },
    sessions: { type: 'string', default: '2' },
    alone: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(`leak-lab [--frames N] [--seconds N] [--sessions N] [--alone] [--only TEXT] [--json FILE]

  --frames N    go round the scenarios until N pictures were examined (10000)
  --seconds N   how long each scenario is looked at in a round (6)
  --sessions N  sessions side by side, among which the scenarios are shared out (2)
  --alone       without the agent in a browser who looks on in the first round, so that times without a picture are the node's own
  --only TEXT   only scenarios whose name has TEXT in it
  --json FILE   write the table as JSON, too`);
  process.exit(0);
}

/** Every so many rounds the pages move little, as real ones do: other frames are masked then. */
const QUIET_ROUNDS = 4;

const wanted = Object.keys(scenarios).filter((name) => name.includes(values.only));
const empty = { access_units: 0, examined: 0, lost: 0, leaks: 0, worst_pixels: 0, freeze_ms: 0, sampled: 0, sampled_leaks: 0, pointers: 0, customer_saw: 0 };
const sums = new Map(wanted.map((name) => [name, { ...empty }]));
const total = (column) => [...sums.values()].reduce((n, sum) => n + sum[column], 0);
const most = (column) => Math.max(...[...sums.values()].map((sum) => sum[column]));

function add(sum, { agent, customer, viewer }, { hides }) {
  sum.access_units += agent.access_units;
  sum.examined += agent.examined;
  sum.lost += agent.lost;
  sum.leaks += agent.leaks;
  sum.worst_pixels = Math.max(sum.worst_pixels, agent.worst, viewer.worst);
  sum.freeze_ms = Math.max(sum.freeze_ms, agent.longest_ms);
  sum.sampled += viewer.frames;
  sum.sampled_leaks += viewer.leaks;
  if (hides) sum.pointers += agent.pointers;
  sum.customer_saw += customer.leaks;
}

const lab = await openLab(Number(values.sessions));
let told = [];
let went = 0;
let broke = null;
try {
  const begun = Date.now();
  for (let round = 1; total('examined') < Number(values.frames) && wanted.length > 0; round += 1) {
    const left = [...wanted];
    const options = { sample: round === 1 && !values.alone, quiet: round % QUIET_ROUNDS === 0 };
    const work = async (session) => {
      // The first round is gone to its end: every scenario is looked at.
      while (left.length > 0 && (round === 1 || total('examined') < Number(values.frames))) {
        const name = left.shift();
        add(sums.get(name), await session.run(name, Number(values.seconds) * 1000, options), scenarios[name]);
      }
    };
    await Promise.all(lab.sessions.map(work));
    went = Math.round((Date.now() - begun) / 1000);
    console.error(`round ${round}: ${total('examined')} pictures in ${went} seconds`);
  }
  told = await lab.told();
} catch (error) {
  // What was seen until then is shown all the same.
  broke = error;
} finally {
  await lab.close();
}

const all = { ...Object.fromEntries(Object.keys(empty).map((column) => [column, total(column)])), worst_pixels: most('worst_pixels'), freeze_ms: most('freeze_ms') };
const row = (name, cells) => console.log(name.padEnd(28), ...cells.map((cell) => String(cell).padStart(9)));
row('scenario', ['units', 'examined', 'lost', 'leaks', 'worst px', 'freeze ms', 'sampled', 's. leaks', 'pointers', 'customer']);
for (const [name, sum] of [...sums, ['all', all]]) row(name, Object.values(sum));
for (const found of told) console.log(`told: ${found}`);
const unseen = wanted.filter((name) => sums.get(name).customer_saw === 0);
if (unseen.length > 0) console.log(`the customer never saw: ${unseen.join(', ')}`);
if (values.json) {
  const report = { seconds: went, sessions: Number(values.sessions), all, scenarios: Object.fromEntries(sums), told };
  writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
if (broke) console.error(broke);
const found = all.leaks + all.sampled_leaks + all.pointers + told.length + unseen.length;
process.exitCode = broke || found > 0 ? 1 : 0;
