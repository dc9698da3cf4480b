import { afterEach, beforeEach, expect, test } from 'vitest';

import type { AuditInput, RollbackInput, RollbackResult } from '../../../src/contract/audit-messages.js';
import { FerryError } from '../../../src/domain/ferry-error.js';
import { imageRequest, pushed, syncImage } from '../../database/store-fixture.js';
import { startConsoleStage, viewToken } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const nginx = 'docker.io/library/nginx:1.27';
const digest = `sha256:${'a'.repeat(64)}`;
let stage: ConsoleStage;
let asked: (AuditInput | RollbackInput)[];
let rollback: () => Promise<RollbackResult | undefined>;

beforeEach(async () => {
  asked = [];
  rollback = async () => undefined;
  stage = await startConsoleStage({
    auditWork: {
      audit: async (input) => {
        asked.push(input);
        return { workflowId: 'audit', runId: 'run-1' };
      },
      rollback: async (input) => {
        asked.push(input);
        return await rollback();
      },
    },
  });
  const { stores } = stage;
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
  await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
});
afterEach(async () => await stage.clear());

const post = async (path: string, json: unknown, token?: string): Promise<readonly [number, unknown]> => {
  const response = await stage.call(`/api/v1/${path}`, token === undefined ? { json } : { json, token });
  return [response.status, await response.json()];
};

test('an operator requests an audit of some targets, in depth, and the audit knows who', async () => {
  const answer = await post('audits', { targets: ['aliyun'], deep: true });
  const whole = await post('audits', {});

  expect(answer).toEqual([202, { requested: true, workflowId: 'audit', runId: 'run-1' }]);
  expect(whole[0]).toBe(202);
  expect(asked).toEqual([
    { targets: ['aliyun'], deep: true, who: 'console: operator' },
    { deep: false, who: 'console: operator' },
  ]);
});

test('a rollback answers what became of the tag', async () => {
  const held = { image: nginx, target: 'aliyun', state: 'held', reference: 'r.example/nginx:1.27', digest } as const;
  rollback = async () => held;

  expect(await post('images/rollback', { image: 'nginx:1.27', target: 'aliyun', to: digest })).toEqual([200, held]);
  expect(asked).toEqual([{ image: nginx, target: 'aliyun', to: digest, who: 'console: operator' }]);
});

test('a rollback that cannot be made is answered with its code and reason', async () => {
  const refused = {
    image: nginx,
    target: 'aliyun',
    state: 'refused',
    code: 'rollback-impossible',
    reason: 'no registry has it',
  } as const;
  rollback = async () => refused;

  expect(await post('images/rollback', { image: nginx, target: 'aliyun' })).toEqual([200, refused]);
});

test('a rollback that takes long is answered as requested, and a second one of the copy as a conflict', async () => {
  const long = await post('images/rollback', { image: nginx, target: 'aliyun' });
  rollback = async () => {
    throw new FerryError('a rollback of it is not made yet', { code: 'busy', decision: 'wait' });
  };
  const second = await post('images/rollback', { image: nginx, target: 'aliyun' });

  expect(long).toEqual([202, { image: nginx, target: 'aliyun', state: 'requested' }]);
  expect(second).toMatchObject([409, { detail: 'a rollback of it is not made yet' }]);
});

test('a rollback whose workflow a user cancelled is a conflict, not a fault of the server', async () => {
  rollback = async () => {
    throw new FerryError('rollback-image/1 was cancelled before it ended', { code: 'cancelled', decision: 'block' });
  };

  expect(await post('images/rollback', { image: nginx, target: 'aliyun' })).toMatchObject([
    409,
    { detail: expect.stringContaining('was cancelled before it ended; "ferry status') as string },
  ]);
});

test('a release ends a rollback on a target, says who did it, and requests a sync run', async () => {
  await stage.stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });
  const elsewhere = await post('images/release', { image: nginx, target: 'private' });
  const released = await post('images/release', { image: 'nginx:1.27', target: 'aliyun' });
  const events = await stage.stores.status.eventsOf(nginx);

  expect(elsewhere).toEqual([200, { image: nginx, released: [], syncRequested: false }]);
  expect(released).toEqual([200, { image: nginx, released: ['aliyun'], syncRequested: true }]);
  expect(events.filter(({ kind }) => kind === 'released')).toContainEqual(
    expect.objectContaining({ target: 'aliyun', who: 'console: operator' }),
  );
  expect(stage.syncs).toEqual(['console: operator: release']);
});

test('a reader may not audit, roll back or release, and a mistyped field or target starts nothing', async () => {
  const statuses: number[] = [];
  for (const path of ['audits', 'images/rollback', 'images/release']) {
    statuses.push((await post(path, { image: nginx, target: 'aliyun' }, viewToken))[0]);
  }
  const unclear = [
    ['audits', { targets: [] }],
    ['audits', { targets: ['aliyn'] }],
    ['audits', { depp: true }],
    ['images/rollback', { image: nginx }],
    ['images/rollback', { image: nginx, target: 'aliyn' }],
    ['images/rollback', { image: nginx, target: 'aliyun', to: 'sha256:1' }],
    ['images/rollback', { image: 'A B', target: 'aliyun' }],
    ['images/release', { image: nginx, target: 'aliyn' }],
    ['images/release', { image: nginx, targets: ['aliyun'] }],
  ] as const;
  const refused: number[] = [];
  for (const [path, json] of unclear) refused.push((await post(path, json))[0]);

  expect(statuses).toEqual([403, 403, 403]);
  expect(refused).toEqual(unclear.map(() => 422));
  expect(asked).toEqual([]);
  expect(stage.syncs).toEqual([]);
});
