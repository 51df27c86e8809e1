// The leak lab: every scenario, and what was in each picture that was sent to an agent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openLab } from './leaks/lab.mjs';
import { scenarios } from './leaks/scenarios.mjs';

/** How long each scenario is looked at (milliseconds). */
const PATIENCE = 2800;
const FRAMES = 3000;
/** Sessions side by side. */
const SESSIONS = 2;
/** The share of pictures that may be missed: a datagram can get lost. */
const MISSED = 0.01;

let lab;
const free = [];
const seen = { units: 0, examined: 0, lost: 0, sampled: 0 };
before(async () => {
  lab = await openLab(SESSIONS);
  free.push(...lab.sessions);
});
after(() => lab?.close());

describe('nothing leaks', { concurrency: SESSIONS }, () => {
  Object.entries(scenarios).forEach(([name, { freezes, hides }], i) => {
    test(name, async () => {
      const session = free.pop();
      try {
        // The first scenarios are seen by an agent in a browser, too.
        const { customer, agent, viewer } = await session.run(name, PATIENCE, { sample: i < SESSIONS * 3 });
        seen.units += agent.access_units;
        seen.examined += agent.examined;
        seen.lost += agent.lost;
        seen.sampled += viewer.frames;
        assert.equal(agent.leaks, 0, `${agent.leaks} of ${agent.examined} pictures, ${agent.worst} pixels in the worst`);
        assert.equal(viewer.leaks, 0, `${viewer.leaks} of the browser’s ${viewer.frames} pictures, ${viewer.worst} pixels in the worst`);
        assert.ok(customer.leaks > 0, 'the customer never saw the secret, so this shows nothing');
        if (!freezes) assert.ok(agent.examined > 0, 'the agent saw no picture at all');
        if (hides) assert.equal(agent.pointers, 0, 'the agent was told where the customer points');
      } finally {
        free.push(session);
      }
    });
  });
});

test('nothing of it is in what agents, the logs and the metrics are told', async () => assert.deepEqual(await lab.told(), []));

test('enough was looked at', (t) => {
  const { units, examined, lost, sampled } = seen;
  t.diagnostic(`${examined} of ${units} pictures examined, ${lost} packets lost, ${sampled} pictures read back from a browser`);
  assert.ok(examined >= FRAMES, `${examined} pictures`);
  assert.ok(units - examined <= units * MISSED, `${units - examined} of ${units} pictures were not examined`);
  assert.ok(sampled > 0, 'the browser showed no picture');
});
