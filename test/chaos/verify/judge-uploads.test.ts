import { expect, test } from 'vitest';

import { judgeUploads } from '../../../chaos/verify/judge-uploads.js';
import type { UploadAccount } from '../../../chaos/verify/upload-accounts.js';

const megabyte = 1_000_000;
const digest = `sha256:${'b'.repeat(64)}`;
const sizes = new Map([[digest, 40 * megabyte]]);
const never = { sizes, databaseAway: [] };

test('an upload that loses at most a chunk for each interruption is as promised', () => {
  const { violations, figures } = judgeUploads([upload({ sent: 55 * megabyte, breaks: 2 })], never);

  expect(violations).toEqual([]);
  expect(figures).toMatchObject({ bytesSent: 55 * megabyte, bytesNeeded: 40 * megabyte, interruptions: 2 });
  expect(figures.mostLost).toBeGreaterThan(14 * megabyte);
});

test('an upload that is given up after more than a chunk is a broken promise, unless the database was away', () => {
  const given = upload({ sent: 30 * megabyte, breaks: 1, committed: undefined, outcome: 'open' });

  const known = judgeUploads([given], never);
  const away = judgeUploads([given], { sizes, databaseAway: [[15, 18]] });

  expect(known.violations).toMatchObject([{ promise: 'lost' }]);
  expect(away.violations).toEqual([]);
  expect(away.figures.excused).toEqual({ uploads: 1, bytes: 30 * megabyte - 1024 });
});

test('a blob that is sent to a repository that has it is a broken promise; two at the same time are not', () => {
  const first = upload({});
  const later = upload({ upload: 'u2', startedAt: 25, committed: { digest, at: 35 } });
  const meanwhile = upload({ upload: 'u2', startedAt: 15, committed: { digest, at: 22 } });

  expect(judgeUploads([first, later], never).violations).toMatchObject([{ promise: 'again' }]);
  expect(judgeUploads([first, meanwhile], never).violations).toEqual([]);
});

test('a blob that another repository of the target has had for long is counted as not mounted', () => {
  const first = upload({});
  const second = upload({ upload: 'u2', repository: 'org/b', startedAt: 60_000, committed: { digest, at: 70_000 } });

  const { figures } = judgeUploads([first, second], never);

  expect(figures.notMounted).toEqual({ blobs: 1, bytes: 40 * megabyte });
});

/** By default it is sent from 10 to 20, without an interruption. */
function upload({ startedAt = 10, sent = 40 * megabyte, ...rest }: Partial<UploadAccount>): UploadAccount {
  return {
    repository: 'org/a',
    upload: 'u1',
    sent,
    breaks: 0,
    startedAt,
    endedAt: 20,
    outcome: 'committed',
    committed: { digest, at: 20 },
    requests: [{ sentAt: startedAt, bytes: sent }],
    ...rest,
  };
}
