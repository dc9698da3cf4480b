import { afterEach, beforeEach, expect, test } from 'vitest';

import { startConsoleStage } from './v1/console-stage.js';
import type { ConsoleStage } from './v1/console-stage.js';

let stage: ConsoleStage;
beforeEach(async () => {
  stage = await startConsoleStage();
});
afterEach(async () => await stage.clear());

test.each(['/api/status', '/api/v1/overview', '/api/v1/targets', '/api/v1/images'])(
  'who has the answer of GET %s already gets 304 without a body, until it changes',
  async (path) => {
    const first = await stage.call(path);
    const etag = first.headers.get('etag') ?? '';
    const again = await stage.call(path, { headers: { 'if-none-match': `W/${etag}, "other"` } });
    const other = await stage.call(path, { headers: { 'if-none-match': '"other"' } });

    expect(etag).toMatch(/^"[\w-]{27}"$/);
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    expect(first.headers.get('vary')).toContain('cookie');
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect([other.status, await other.text()]).toEqual([200, await first.text()]);
  },
);

test('a refusal and the answer to a change have no ETag', async () => {
  const refused = await stage.call('/api/v1/images', { token: 'unknown' });
  const changed = await stage.call('/api/v1/runs', { json: {} });

  expect([refused.status, refused.headers.get('etag')]).toEqual([401, null]);
  expect(changed.headers.get('etag')).toBeNull();
});
