import { Pool } from 'undici';

import { headers } from './ways.js';
import type { Way } from './ways.js';

/** @param connections open at the same time */
export function undiciWay(origin: string, connections: number): Way {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const dispatch = (method: 'GET' | 'HEAD', { pathname }: URL, take: (bytes: Buffer) => void): Promise<number> =>
    new Promise((resolve, reject) => {
      let status = 0;
      pool.dispatch(
        // Without `reset: false` undici closes a connection after each HEAD.
        { method, path: pathname, headers, reset: false },
        {
          // undici takes an object for a handler of this kind when it has this method.
          onRequestStart() {},
          onResponseStart(_controller, statusCode) {
            status = statusCode;
          },
          onResponseData(_controller, bytes) {
            take(bytes);
          },
          onResponseEnd() {
            resolve(status);
          },
          onResponseError(_controller, error) {
            reject(error);
          },
        },
      );
    });
  return {
    async read(url, take) {
      const status = await dispatch('GET', url, take);
      if (status !== 200) throw new Error(`${url.href} gave no body`);
    },
    head: async (url) => await dispatch('HEAD', url, () => undefined),
    close: async () => await pool.close(),
  };
}
