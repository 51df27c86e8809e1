//! Zooming into the picture with two fingers, on this page alone: the remote page knows nothing of it.

import type { Pinch } from './pointer';
import type { Box, Size } from './viewport';

/** The picture `scale` times as large, moved by `x` and `y` CSS pixels from the stage's top left. */
export interface Zoom {
  scale: number;
  x: number;
  y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
const LARGEST = 5;
/** So near to the whole picture, the whole is meant. */
const SNAP = 1.04;

/** What two fingers make of it. `stage` is where they are: its own top left is 0, 0. The stage stays covered. */
export function zoomedBy(zoom: Zoom, from: Pinch, to: Pinch, stage: Size): Zoom {
  const wanted = zoom.scale * (from.apart > 0 ? to.apart / from.apart : 1);
  const scale = Math.min(LARGEST, Math.max(1, wanted));
  const grown = scale / zoom.scale;
  // What was between the fingers stays there.
  const x = to.x - (from.x - zoom.x) * grown;
  const y = to.y - (from.y - zoom.y) * grown;
  return { scale, x: within(x, stage.width * (1 - scale)), y: within(y, stage.height * (1 - scale)) };
}

/** Once the fingers are gone. */
export const settled = (zoom: Zoom): Zoom => (zoom.scale < SNAP ? WHOLE : zoom);

/** Where something that stands on the stage stands when it is zoomed. */
export function enlarged(box: Box, { scale, x, y }: Zoom): Box {
  return { left: x + box.left * scale, top: y + box.top * scale, width: box.width * scale, height: box.height * scale };
}

const within = (value: number, least: number): number => Math.min(0, Math.max(least, value));
