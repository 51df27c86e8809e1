import { expect, test } from 'vitest';
import { curl, describe } from './openapi';

const document = {
  openapi: '3.1.0',
  info: { title: 'Tandem', version: '0.1.0' },
  tags: [{ name: 'sessions', description: 'Shared browsing' }],
  security: [{ key: [] }],
  paths: {
    '/api/v1/sessions/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      delete: { tags: ['sessions'], summary: 'End', responses: { 204: { description: 'Ended' } } },
    },
    '/api/v1/sessions': {
      post: {
        tags: ['sessions'],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Create' } } } },
        responses: { 201: { description: 'Made', content: { 'application/json': { schema: { type: 'object', properties: { id: { type: 'string', example: 'abc' } } } } } } },
      },
    },
    '/healthz': { get: { security: [], responses: {} } },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
    schemas: {
      Create: {
        type: 'object',
        required: ['url'],
        properties: {
          url: { type: 'string', example: "https://shop.example/it's" },
          viewport: { oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/Viewport' }] },
          mode: { enum: ['a', 'b'] },
          children: { type: 'array', items: { $ref: '#/components/schemas/Create' } },
        },
      },
      Viewport: { type: 'object', required: ['width'], properties: { width: { type: 'integer', example: 1280 } } },
    },
  },
};

test('operations in their groups, references followed, endless ones cut', () => {
  const { title, groups } = describe(document);
  expect(title).toBe('Tandem');
  expect(groups.map((group) => [group.name, group.text, group.operations.map((one) => `${one.method} ${one.path}`)])).toEqual([
    ['sessions', 'Shared browsing', ['DELETE /api/v1/sessions/{id}', 'POST /api/v1/sessions']],
    ['healthz', '', ['GET /healthz']],
  ]);
  const [end, create] = groups[0]!.operations;
  expect(end!.parameters).toMatchObject([{ name: 'id', place: 'path', required: true, type: 'string' }]);
  expect(create!.body.slice(0, 4).map((field) => [field.name, field.type, field.required, field.depth])).toEqual([
    ['url', 'string', true, 0], ['viewport', 'object', false, 0], ['width', 'integer', true, 1], ['mode', 'a | b', false, 0],
  ]);
  expect(JSON.parse(create!.bodyExample!)).toMatchObject({ viewport: { width: 1280 }, mode: 'a' });
  expect(create!.answers).toMatchObject([{ status: '201', text: 'Made', example: '{\n  "id": "abc"\n}' }]);
});

test('the example can be pasted into a shell', () => {
  const [, create] = describe(document).groups[0]!.operations;
  const command = curl('https://h', create!);
  expect(command).toContain(`-X POST https://h/api/v1/sessions`);
  expect(command).toContain('Authorization: Bearer KEY');
  expect(command).toContain(`it'\\''s`);
  expect(curl('https://h', describe(document).groups[1]!.operations[0]!)).toBe('curl https://h/healthz');
});

test('what is no description is an empty one', () => {
  expect(describe(null)).toEqual({ title: '', version: '', text: '', groups: [] });
  expect(describe({ paths: { '/x': { get: 'no' } } }).groups[0]?.operations[0]?.path).toBe('/x');
});
