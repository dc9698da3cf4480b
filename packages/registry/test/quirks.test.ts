import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { classifyResponse } from '../src/transport/classify-response.js';
import { codesOf, isHabit, isKnownFor, isServerFor, quirks, statusesOf } from '../src/transport/quirks.js';
import type { Quirk } from '../src/transport/quirks.js';

const page = readFileSync(new URL('../../../docs/registries.md', import.meta.url), 'utf8');
const cellsOf = (line: string): string =>
  line
    .split('|')
    .map((cell) => cell.trim())
    .join('|');
const lines = new Set(page.split('\n').map(cellsOf));

/** A quirk as a row of the page's table. */
function rowOf({
  habit,
  registry,
  side,
  methods = [],
  resources = [],
  host,
  server,
  source,
  ...answer
}: Quirk): string {
  const request = [methods.join(', '), resources.join(', '), side === undefined ? '' : `at a ${side}`];
  const { statuses = [], between, codes, says } = answer;
  const seen = [
    statuses.join(', '),
    between === undefined ? '' : `${between[0]} to ${between[1]}`,
    codes?.length === 0 ? 'without a code' : (codes ?? []).map((code) => `\`${code}\``).join(', '),
    says === undefined ? '' : 'by its words',
    host === undefined ? '' : 'by its name',
    server === undefined ? '' : 'by its `Server` field',
  ];
  const text = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');
  return cellsOf(`| \`${habit}\` | ${registry} | ${text(request)} | ${text(seen)} | ${source} |`);
}

test.each(quirks.map((quirk) => [quirk.habit, quirk.registry, quirk] as const))(
  'docs/registries.md lists the quirk %s of %s with its source',
  (_habit, _registry, quirk) => {
    expect([...lines]).toContain(rowOf(quirk));
  },
);

test('docs/registries.md says for each quirk what the client does', () => {
  const habits = new Set(quirks.map(({ habit }) => habit));

  const undescribed = [...habits].filter((habit) => !page.includes(`**\`${habit}\`**`));

  expect(undescribed).toEqual([]);
});

test.each([
  ['PUT', 'manifest', 'tag-immutable'],
  ['GET', 'manifest', 'denied'],
  ['HEAD', 'manifest', 'denied'],
  ['PUT', 'upload', 'denied'],
  ['PATCH', 'upload', 'denied'],
  ['GET', 'blob', 'denied'],
] as const)('a 412 of a target to %s of a %s is classified as %s', (method, resource, code) => {
  const judged = classifyResponse(412, { side: 'target', method, resource, said: '', codes: [] });

  expect(judged).toMatchObject({ code, decision: 'block' });
});

test.each([
  [413, 'manifest', 'manifest-too-large'],
  [413, 'upload', 'blob-too-large'],
] as const)('a %d to a %s is classified as %s', (status, resource, code) => {
  const judged = classifyResponse(status, { side: 'target', method: 'PUT', resource, said: '', codes: [] });

  expect(judged.code).toBe(code);
});

test.each([400, 404])(
  'a manifest whose blobs the registry does not see is not reported as a missing repository: %d',
  (status) => {
    const codes = ['MANIFEST_BLOB_UNKNOWN'];

    const judged = classifyResponse(status, { side: 'target', method: 'PUT', resource: 'manifest', said: '', codes });

    expect(judged.code).toBe('manifest-refused');
    expect(judged.advice).not.toContain('create the repository');
  },
);

test('the word immutable in an answer to an upload does not mean an immutable tag', () => {
  const answer = {
    side: 'target',
    method: 'PATCH',
    resource: 'upload',
    said: 'the layer is immutable',
    codes: [],
  } as const;

  expect(classifyResponse(403, answer).code).toBe('denied');
});

test('a quirk is matched by method, resource, status and codes together', () => {
  const patch = { method: 'PATCH', resource: 'upload', status: 404 } as const;

  expect(isHabit('no-patch', { ...patch, codes: [] })).toBe(true);
  expect(isHabit('no-patch', { ...patch, codes: ['NAME_UNKNOWN'] })).toBe(false);
  expect(isHabit('no-patch', { ...patch, method: 'PUT', codes: [] })).toBe(false);
  expect(['europe-docker.pkg.dev', 'eu.gcr.io', 'quay.io'].map((host) => isKnownFor('one-put', host))).toEqual([
    true,
    true,
    false,
  ]);
  expect(statusesOf('stored')).toEqual([200, 201, 202, 204]);
  expect(codesOf('upload-lost')).toEqual(['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID']);
});

test.each([
  ['nginx/1.26.3', true],
  ['openresty', true],
  ['Tengine/3.1.0', true],
  ['nginxish', false],
  ['Docker-Distribution', false],
  [undefined, false],
])('whether a server takes whole requests before it hands them on follows from its name: %s', (server, expected) => {
  expect(isServerFor('buffers-requests', server)).toBe(expected);
});
