//! What the customer's device is, so that the cloud browser can be like it.

import type { Device, DeviceClass } from '../protocol.gen';

/** The shorter side of the largest phones, in CSS pixels, is below this. */
const PHONES_BELOW = 600;

/** Touched first of all, and small: a phone. A laptop whose screen can be touched as well is a desk. */
export function classOf(touched: boolean, screen: { width: number; height: number }): DeviceClass {
  if (!touched) return 'desk';
  return Math.min(screen.width, screen.height) < PHONES_BELOW ? 'phone' : 'tablet';
}

export const isTouched = (): boolean => matchMedia('(pointer: coarse)').matches;

const DARK = '(prefers-color-scheme: dark)';

export function deviceHere(): Device {
  return {
    class: classOf(isTouched(), screen),
    time_zone: new Intl.DateTimeFormat().resolvedOptions().timeZone ?? null,
    dark: matchMedia(DARK).matches,
  };
}

/** Calls back when the device's colours change, until `signal` says that nobody wants to know. */
export function watchDevice(changed: () => void, signal: AbortSignal): void {
  matchMedia(DARK).addEventListener('change', changed, { signal });
}
