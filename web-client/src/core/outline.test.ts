import { expect, test } from 'vitest';
import type { OutlineNode, OutlineRole } from '../protocol.gen';
import { sectionsOf } from './outline';

const node = (id: number, role: OutlineRole, landmark = 0): OutlineNode => ({
  id, role, name: `${role} ${id}`, landmark, hidden: false, level: null, value: null, checked: null, expanded: null, disabled: false, required: false, invalid: false, live: false,
});

test('what stands together in a landmark is one section, in the page’s order', () => {
  const nodes = [node(1, 'banner'), node(2, 'link', 1), node(3, 'main'), node(0, 'text', 3), node(4, 'form', 3), node(5, 'textbox', 4), node(0, 'text', 3), node(0, 'text')];
  const said = sectionsOf(nodes).map(({ landmark, nodes }) => [landmark?.role ?? null, nodes.map(({ role }) => role)]);
  expect(said).toEqual([['banner', ['link']], ['main', ['text']], ['form', ['textbox']], ['main', ['text']], [null, ['text']]]);
});

test('an empty page has no sections', () => expect(sectionsOf([])).toEqual([]));
