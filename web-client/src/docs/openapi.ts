//! Reads an OpenAPI 3 document into what the page draws: operations in groups, with fields and an example.

export interface Field {
  name: string;
  type: string;
  required: boolean;
  text: string;
  /** How deep it is nested in the body. */
  depth: number;
}

export interface Answer {
  status: string;
  text: string;
  example: string | null;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  title: string;
  text: string;
  secured: boolean;
  parameters: (Field & { place: string })[];
  body: Field[];
  bodyExample: string | null;
  answers: Answer[];
}

export interface Group {
  name: string;
  text: string;
  operations: Operation[];
}

export interface Description {
  title: string;
  version: string;
  text: string;
  groups: Group[];
}

type Json = Record<string, unknown>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** Schemas may refer to themselves; nobody reads deeper than this. */
const DEEPEST = 5;

export function describe(document: unknown): Description {
  const root = object(document);
  const info = object(root['info']);
  const texts = new Map(list(root['tags']).map((tag) => [string(object(tag)['name']), string(object(tag)['description'])]));
  const groups = new Map<string, Group>();
  for (const [path, item] of Object.entries(object(root['paths']))) {
    for (const method of METHODS) {
      const operation = object(item)[method];
      if (!operation) continue;
      const name = string(list(object(operation)['tags'])[0]) || path.split('/').find((part) => part && !/^(api|v\d+)$/.test(part)) || path;
      const group = groups.get(name) ?? { name, text: texts.get(name) ?? '', operations: [] };
      groups.set(name, group);
      group.operations.push(operationOf(root, path, method, object(item), object(operation)));
    }
  }
  return { title: string(info['title']), version: string(info['version']), text: string(info['description']), groups: [...groups.values()] };
}

/** The call as a person would try it. */
export function curl(origin: string, operation: Operation): string {
  const lines = [`curl ${operation.method === 'GET' ? '' : `-X ${operation.method} `}${origin}${operation.path}`];
  if (operation.secured) lines.push(`-H 'Authorization: Bearer KEY'`);
  if (operation.bodyExample) lines.push(`-H 'Content-Type: application/json'`, `-d '${operation.bodyExample.replace(/'/g, `'\\''`)}'`);
  return lines.join(' \\\n  ');
}

function operationOf(root: Json, path: string, method: string, item: Json, operation: Json): Operation {
  const parameters = [...list(item['parameters']), ...list(operation['parameters'])].map((one) => {
    const parameter = resolve(root, one);
    return {
      name: string(parameter['name']),
      place: string(parameter['in']),
      type: typeOf(root, parameter['schema']),
      required: parameter['required'] === true,
      text: string(parameter['description']),
      depth: 0,
    };
  });
  const schema = jsonOf(resolve(root, operation['requestBody']));
  const security = operation['security'] ?? root['security'];
  return {
    id: string(operation['operationId']) || `${method}-${path}`.replace(/[^a-z0-9]+/gi, '-'),
    method: method.toUpperCase(),
    path,
    title: string(operation['summary']),
    text: string(operation['description']),
    secured: list(security).some((one) => Object.keys(object(one)).length > 0),
    parameters,
    body: schema ? fieldsOf(root, schema, 0) : [],
    bodyExample: schema ? JSON.stringify(exampleOf(root, schema, 0), null, 2) : null,
    answers: Object.entries(object(operation['responses'])).map(([status, one]) => {
      const answer = resolve(root, one);
      const content = jsonOf(answer);
      return {
        status,
        text: string(answer['description']),
        example: content ? JSON.stringify(exampleOf(root, content, 0), null, 2) : null,
      };
    }),
  };
}

function jsonOf(holder: Json): Json | null {
  const media = object(object(holder['content'])['application/json']);
  return media['schema'] ? object(media['schema']) : null;
}

function fieldsOf(root: Json, schema: unknown, depth: number): Field[] {
  if (depth > DEEPEST) return [];
  const whole = merged(root, schema);
  const required = new Set(list(whole['required']).map(string));
  return Object.entries(object(whole['properties'])).flatMap(([name, property]) => {
    const inner = merged(root, property);
    const field = { name, type: typeOf(root, property), required: required.has(name), text: string(inner['description']), depth };
    const nested = inner['items'] ? fieldsOf(root, inner['items'], depth + 1) : fieldsOf(root, inner, depth + 1);
    return [field, ...nested];
  });
}

function typeOf(root: Json, schema: unknown): string {
  const whole = merged(root, schema);
  const names = Array.isArray(whole['type']) ? whole['type'].filter((one) => one !== 'null').map(string) : [string(whole['type'])];
  if (whole['enum']) return list(whole['enum']).map(String).join(' | ');
  if (names[0] === 'array') return `${typeOf(root, whole['items'])}[]`;
  return names.filter(Boolean).join(' | ') || 'object';
}

function exampleOf(root: Json, schema: unknown, depth: number): unknown {
  const whole = merged(root, schema);
  if ('example' in whole) return whole['example'];
  if (Array.isArray(whole['examples'])) return whole['examples'][0];
  if ('default' in whole) return whole['default'];
  if (whole['enum']) return list(whole['enum'])[0];
  const type = Array.isArray(whole['type']) ? whole['type'].find((one) => one !== 'null') : whole['type'];
  if (type === 'array') return depth > DEEPEST ? [] : [exampleOf(root, whole['items'], depth + 1)];
  if (whole['properties'] || type === 'object') {
    if (depth > DEEPEST) return {};
    return Object.fromEntries(Object.entries(object(whole['properties'])).map(([name, one]) => [name, exampleOf(root, one, depth + 1)]));
  }
  return type === 'integer' || type === 'number' ? 0 : type === 'boolean' ? true : 'string';
}

/** A schema with its references followed; of alternatives the first that is not `null`. */
function merged(root: Json, schema: unknown): Json {
  const whole = resolve(root, schema);
  const parts = list(whole['allOf']).map((one) => merged(root, one));
  const choice = [...list(whole['oneOf']), ...list(whole['anyOf'])].find((one) => resolve(root, one)['type'] !== 'null');
  if (choice) parts.push(merged(root, choice));
  if (parts.length === 0) return whole;
  const properties = Object.assign({}, ...parts.map((part) => object(part['properties'])), object(whole['properties'])) as Json;
  const required = [...parts.flatMap((part) => list(part['required'])), ...list(whole['required'])];
  return { ...(Object.assign({}, ...parts) as Json), ...whole, properties, required };
}

function resolve(root: Json, value: unknown): Json {
  let now = object(value);
  for (let steps = 0; typeof now['$ref'] === 'string' && steps < 10; steps++) {
    const keys = now['$ref'].replace(/^#\//, '').split('/');
    now = object(keys.reduce<unknown>((at, key) => object(at)[key.replace(/~1/g, '/').replace(/~0/g, '~')], root));
  }
  return now;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
