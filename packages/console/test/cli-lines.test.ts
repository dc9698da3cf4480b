import { expect, test } from 'vitest';

import { cliLines, releaseLine, rollbackLine } from '../src/actions/cli-lines.js';

test('an action on named images is the command of each', () => {
  expect(cliLines({ action: 'retry', images: ['nginx:1.27', 'redis:7'] })).toEqual([
    'ferry retry nginx:1.27',
    'ferry retry redis:7',
  ]);
  expect(cliLines({ action: 'remove', images: ['nginx:1.27'] })).toEqual(['ferry remove nginx:1.27']);
  expect(cliLines({ action: 'backfill', target: 'aliyun', filter: {} })).toEqual(['ferry sync --backfill aliyun']);
});

test('every blocked image has one command; another filter has none', () => {
  expect(cliLines({ action: 'retry', filter: { state: 'blocked' } })).toEqual(['ferry retry --blocked']);
  expect(cliLines({ action: 'retry', filter: { state: 'blocked', code: 'denied' } })).toEqual([]);
});

test('a name that a shell would read is quoted', () => {
  expect(cliLines({ action: 'remove', images: ["a'b; rm -rf /"] })).toEqual([
    String.raw`ferry remove 'a'\''b; rm -rf /'`,
  ]);
});

test('a rollback and a release have a line to copy, with the digest if there is one', () => {
  const copy = { image: 'docker.io/library/nginx:1.27', target: 'aliyun' };

  expect(rollbackLine(copy)).toBe('ferry rollback docker.io/library/nginx:1.27 --target aliyun');
  expect(rollbackLine({ ...copy, to: 'sha256:1' })).toMatch(/ --target aliyun --to sha256:1$/);
  expect(releaseLine(copy)).toBe('ferry release docker.io/library/nginx:1.27 --target aliyun');
});
