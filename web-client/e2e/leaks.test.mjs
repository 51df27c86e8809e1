// The leak lab: every scenario, and what the agent's own decoder showed of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openLab } from './leaks/lab.mjs';
import { scenarios } from './leaks/scenarios.mjs';

/** How long each scenario is looked at (milliseconds). */
const PATIENCE = 2800;
const FRAMES = 3000;

let lab;
let frames = 0;
before(async () => {
  lab = await openLab();
});
after(() => lab?.close());

for (const [name, { freezes }] of Object.entries(scenarios)) {
  test(`nothing leaks: ${name}`, async () => {
    const { customer, agent } = await lab.run(name, PATIENCE);
    frames += agent.frames;
    assert.equal(agent.leaks, 0, `${agent.leaks} of ${agent.frames} pictures, ${agent.worst} pixels in the worst`);
    assert.ok(customer.leaks > 0, 'the customer never saw the secret, so this shows nothing');
    if (!freezes) assert.ok(agent.frames > 0, 'the agent saw no picture at all');
  });
}

test('nothing of it is in what the agent’s page, the logs and the metrics are told', async () => assert.deepEqual(await lab.told(), []));

test('enough was looked at', () => assert.ok(frames >= FRAMES, `${frames} pictures`));
