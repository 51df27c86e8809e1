//! A short tone for a new message. It is off until somebody wants it, and their choice stays in this browser.

const KEPT = 'tandem.sound';
/** Seconds. */
const LENGTH = 0.16;

let context: AudioContext | null = null;

export function isWanted(): boolean {
  try {
    return localStorage.getItem(KEPT) === 'on';
  } catch {
    return false;
  }
}

export function want(on: boolean): void {
  try {
    if (on) localStorage.setItem(KEPT, 'on');
    else localStorage.removeItem(KEPT);
  } catch {
    // Without a storage the choice lasts as long as the page.
  }
}

/** A browser that lets no page be heard, or has no sound at all, stays silent. */
export function play(): void {
  try {
    context ??= new AudioContext();
    void context.resume().catch(() => undefined);
    const [tone, loudness, now] = [context.createOscillator(), context.createGain(), context.currentTime];
    tone.frequency.setValueAtTime(660, now);
    tone.frequency.setValueAtTime(880, now + LENGTH / 2);
    loudness.gain.setValueAtTime(0.0001, now);
    loudness.gain.exponentialRampToValueAtTime(0.08, now + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, now + LENGTH);
    tone.connect(loudness).connect(context.destination);
    tone.start(now);
    tone.stop(now + LENGTH);
  } catch {
    return;
  }
}
