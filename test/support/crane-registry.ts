import { startChild, stopChild } from '../../demo/child-process.js';
import { registryRequest } from '../../demo/registry-request.js';
import { requireTool } from '../../demo/tools.js';
import { freePort } from './free-port.js';

const startTimeoutMs = 30_000;

export interface CraneRegistry {
  readonly host: string;
  stop(): Promise<void>;
}

/** The registry of go-containerregistry, in memory: no mounts, no upload status, blobs shared by all repositories. */
export async function startCraneRegistry(): Promise<CraneRegistry> {
  const port = await freePort();
  const child = startChild(requireTool('crane-registry'), ['-port', String(port)], { stdio: 'ignore' });
  const host = `127.0.0.1:${port}`;
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      await registryRequest({ url: `http://${host}` }, { method: 'GET', path: '/v2/', expected: [200] });
      return { host, stop: () => stopChild(child, 'SIGKILL') };
    } catch (error) {
      if (Date.now() < deadline) continue;
      await stopChild(child, 'SIGKILL');
      throw error;
    }
  }
}
