// Runs all scenarios until the agent's decoder has shown as many pictures as asked for, and prints what they held.
import { parseArgs } from 'node:util';
import { openLab } from './lab.mjs';
import { scenarios } from './scenarios.mjs';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(`leak-lab [--frames N] [--seconds N] [--only TEXT]

  --frames N    go round the scenarios until the agent has been shown N pictures (10000)
  --seconds N   how long each scenario is looked at in a round (4)
  --only TEXT   only scenarios whose name has TEXT in it`);
  process.exit(0);
}

const names = Object.keys(scenarios).filter((name) => name.includes(values.only));
const sums = new Map(names.map((name) => [name, { frames: 0, leaks: 0, worst: 0, longest: 0, customer: 0 }]));
const total = () => [...sums.values()].reduce((n, sum) => n + sum.frames, 0);
const lab = await openLab();
try {
  for (let round = 1; total() < Number(values.frames) && names.length > 0; round += 1) {
    for (const name of names) {
      const { agent, customer } = await lab.run(name, Number(values.seconds) * 1000);
      const sum = sums.get(name);
      sum.frames += agent.frames;
      sum.leaks += agent.leaks;
      sum.worst = Math.max(sum.worst, agent.worst);
      sum.longest = Math.max(sum.longest, agent.longest);
      sum.customer += customer.leaks;
    }
    console.error(`round ${round}: ${total()} pictures`);
  }
  for (const found of await lab.told()) console.error(`told: ${found}`);
} finally {
  await lab.close();
}
const row = (name, ...cells) => console.log(name.padEnd(30), ...cells.map((cell) => String(cell).padStart(12)));
row('scenario', 'frames', 'leaks', 'worst px', 'freeze ms', 'customer saw');
for (const [name, sum] of sums) row(name, sum.frames, sum.leaks, sum.worst, sum.longest, sum.customer);
const all = [...sums.values()];
row('all', total(), all.reduce((n, sum) => n + sum.leaks, 0), Math.max(...all.map((sum) => sum.worst)), '', '');
process.exitCode = all.some((sum) => sum.leaks > 0) ? 1 : 0;
