//! One word for the connection, from what the page measures.

export type Quality = 'none' | 'excellent' | 'good' | 'slow' | 'poor';

export interface Measures {
  /** The latest click-to-picture times, in milliseconds. */
  clicks: readonly number[];
  /** To the SFU and back, in milliseconds. */
  roundTrip: number | null;
  /** Lost packets, 0 to 1, in the last seconds. */
  loss: number | null;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** The worst of what is known; people feel 100 ms, and are bothered by 200. */
export function qualityOf({ clicks, roundTrip, loss }: Measures): Quality {
  const click = median(clicks.slice(-15));
  if (click === null && roundTrip === null) return 'none';
  const grade = Math.max(rank(click, [80, 150, 300]), rank(roundTrip, [50, 120, 300]), rank(loss, [0.01, 0.03, 0.08]));
  return (['excellent', 'good', 'slow', 'poor'] as const)[grade] ?? 'poor';
}

function rank(value: number | null, limits: readonly number[]): number {
  return value === null ? 0 : limits.filter((limit) => value > limit).length;
}

export interface Counters {
  received: number;
  lost: number;
  frames: number;
  roundTrip: number | null;
}

/** Picks out of WebRTC's statistics what we look at. */
export function countersOf(report: Iterable<readonly [string, unknown]>): Counters {
  const counters: Counters = { received: 0, lost: 0, frames: 0, roundTrip: null };
  for (const [, entry] of report) {
    const stat = entry as Record<string, unknown>;
    const number = (name: string) => (typeof stat[name] === 'number' ? stat[name] : 0);
    if (stat['type'] === 'inbound-rtp') {
      counters.received += number('packetsReceived');
      counters.lost += number('packetsLost');
      counters.frames += number('framesDecoded');
    } else if (stat['type'] === 'candidate-pair' && stat['nominated'] === true && typeof stat['currentRoundTripTime'] === 'number') {
      counters.roundTrip = stat['currentRoundTripTime'] * 1_000;
    }
  }
  return counters;
}

/** Lost packets between two readings, 0 to 1; null when nothing was sent. */
export function lossBetween(before: Counters, after: Counters): number | null {
  const received = after.received - before.received;
  const lost = Math.max(0, after.lost - before.lost);
  return received + lost > 0 && received >= 0 ? lost / (received + lost) : null;
}
