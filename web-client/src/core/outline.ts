//! The outline of the shared page, as it is read out.

import type { OutlineNode, OutlineRole } from '../protocol.gen';

const LANDMARKS = new Set<OutlineRole>(['main', 'navigation', 'banner', 'contentinfo', 'complementary', 'search', 'form', 'region', 'dialog']);

export interface Section {
  /** None for what is in no landmark. */
  landmark: OutlineNode | null;
  nodes: OutlineNode[];
}

/** Neighbours in the same landmark, in the page's order; a landmark in another one stands after what comes before it. */
export function sectionsOf(nodes: readonly OutlineNode[]): Section[] {
  const landmarks = new Map(nodes.filter((node) => LANDMARKS.has(node.role)).map((node) => [node.id, node]));
  const sections: Section[] = [];
  for (const node of nodes) {
    if (LANDMARKS.has(node.role)) continue;
    const landmark = landmarks.get(node.landmark) ?? null;
    const last = sections.at(-1);
    if (last && last.landmark === landmark) last.nodes.push(node);
    else sections.push({ landmark, nodes: [node] });
  }
  return sections;
}
