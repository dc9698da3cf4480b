import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RegistryServer } from '../../demo/registry-server.js';

const pollMs = 20;
const timeoutMs = 300_000;

/** Resolves with the time (`performance.now()`) at which a repository is in the access log for the first time. */
export async function firstRequest(
  { accessLogPath }: Pick<RegistryServer, 'accessLogPath'>,
  repository: string,
): Promise<number> {
  const log = await open(accessLogPath);
  try {
    const deadline = performance.now() + timeoutMs;
    let position = (await log.stat()).size;
    let rest = '';
    while (performance.now() < deadline) {
      const { buffer, bytesRead } = await log.read({ position, buffer: Buffer.alloc(1024 * 1024) });
      position += bytesRead;
      rest += buffer.toString('utf8', 0, bytesRead);
      if (rest.includes(`/v2/${repository}/`)) return performance.now();
      rest = rest.slice(rest.lastIndexOf('\n') + 1);
      await sleep(pollMs);
    }
    throw new Error(`the source got no request for ${repository} within ${timeoutMs / 1000} s`);
  } finally {
    await log.close();
  }
}
