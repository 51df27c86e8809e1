import { expect, test } from 'vitest';
import { countersOf, lossBetween, median, qualityOf } from './quality';

test.each([
  [[], null, null, 'none'],
  [[40, 45, 60], 5, 0, 'excellent'],
  [[], 5, null, 'excellent'],
  [[100, 110, 90], 5, 0, 'good'],
  [[40], 130, 0, 'slow'],
  [[40], 5, 0.1, 'poor'],
  [[400, 500, 350], 5, 0, 'poor'],
  // One slow click among many does not make the connection slow.
  [[40, 45, 900, 42, 41], 5, 0, 'excellent'],
] as const)('%o, %s ms, loss %s: %s', (clicks, roundTrip, loss, word) => {
  expect(qualityOf({ clicks, roundTrip, loss })).toBe(word);
});

test('median', () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
});

test('statistics are picked from the report, loss from their difference', () => {
  const report = (received: number, lost: number) =>
    new Map<string, unknown>([
      ['a', { type: 'inbound-rtp', packetsReceived: received, packetsLost: lost, framesDecoded: 7 }],
      ['b', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.012 }],
      ['c', { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 }],
    ]);
  const before = countersOf(report(100, 2));
  expect(before).toEqual({ received: 100, lost: 2, frames: 7, roundTrip: 12 });
  expect(lossBetween(before, countersOf(report(190, 12)))).toBeCloseTo(0.1);
  expect(lossBetween(before, before)).toBeNull();
});
