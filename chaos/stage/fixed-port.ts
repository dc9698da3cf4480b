import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A free port below those that the kernel gives to outgoing connections: a server that is down gets it back, since no
 * connection has taken it meanwhile.
 */
export async function fixedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
