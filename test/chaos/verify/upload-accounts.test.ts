import { expect, test } from 'vitest';

import { uploadAccounts } from '../../../chaos/verify/upload-accounts.js';
import type { Exchange } from '../../../demo/line/line.js';

const digest = `sha256:${'a'.repeat(64)}`;

test('what follows "100 Continue" is counted for its upload', () => {
  const exchanges = [
    exchange({ request: 'PUT /v2/org/app/blobs/uploads/u1', sentAt: 1, answeredAt: 2, up: 300 }),
    exchange({ request: undefined, sentAt: 3, answeredAt: 9, up: 5000 }),
    exchange({ request: 'HEAD /v2/org/app/manifests/v1', sentAt: 10, answeredAt: 11, up: 200 }),
  ];

  const accounts = uploadAccounts(
    exchanges,
    [logged('PUT', `/v2/org/app/blobs/uploads/u1?_state=s&digest=${digest}`, 201)],
    new Set(),
  );

  expect(accounts).toMatchObject([
    { repository: 'org/app', upload: 'u1', sent: 5300, breaks: 0, committed: { digest, at: 9 } },
  ]);
});

test('a request without an answer and one that was refused are interruptions of their upload', () => {
  const exchanges = [
    exchange({ request: 'PATCH /v2/org/app/blobs/uploads/u1', sentAt: 1, up: 700 }),
    exchange({ request: 'PATCH /v2/org/app/blobs/uploads/u1', sentAt: 5, answeredAt: 6, up: 400, connection: 2 }),
  ];

  const accounts = uploadAccounts(
    exchanges,
    [logged('PATCH', '/v2/org/app/blobs/uploads/u1?_state=s', 416)],
    new Set(['org/app u1']),
  );

  expect(accounts).toMatchObject([{ sent: 1100, breaks: 2, outcome: 'open', committed: undefined }]);
});

test('an upload that its registry neither has nor logged was committed before the registry was killed', () => {
  const exchanges = [exchange({ request: 'PUT /v2/org/app/blobs/uploads/u1', sentAt: 1, up: 700 })];

  const accounts = uploadAccounts(exchanges, [], new Set());
  const cancelled = uploadAccounts(
    exchanges,
    [logged('DELETE', '/v2/org/app/blobs/uploads/u1?_state=s', 204)],
    new Set(),
  );

  expect(accounts).toMatchObject([{ outcome: 'unlogged' }]);
  expect(cancelled).toMatchObject([{ outcome: 'cancelled' }]);
});

function exchange({
  request,
  sentAt,
  answeredAt,
  up,
  connection = 1,
}: {
  readonly request: string | undefined;
  readonly sentAt: number;
  readonly answeredAt?: number;
  readonly up: number;
  readonly connection?: number;
}): Exchange {
  return { connection, openedAt: 0, sentAt, answeredAt, endedAt: answeredAt, bytes: { up, down: 0 }, request };
}

function logged(method: string, path: string, status: number) {
  return { method, path, status, bytes: 0, user: '', userAgent: 'ferry' };
}
