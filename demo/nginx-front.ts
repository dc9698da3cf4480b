import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../src/supervisor/free-port.js';
import { startChild, stopChild } from './child-process.js';
import { registryRequest } from './registry-request.js';
import { requireTool } from './tools.js';

const startTimeoutMs = 30_000;

export interface NginxFront {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** `client_max_body_size`; 0 for no limit. */
  readonly bodyLimit: string;
  /** Takes a whole request before it forwards it, as nginx does by default. Default: false */
  readonly requestBuffering?: boolean;
}

/** nginx in front of a registry, with a limit on request bodies, as an ingress with its default settings. */
export async function startNginxFront(
  upstream: { readonly host: string },
  { bodyLimit, requestBuffering = false }: NginxOptions,
): Promise<NginxFront> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${userDirective()}
     pid ${join(folder, 'nginx.pid')};
     error_log ${join(folder, 'error.log')};
     events {}
     http {
       access_log off;
       ${temporary.join('\n')}
       server {
         listen 127.0.0.1:${port};
         client_max_body_size ${bodyLimit};
         location / {
           proxy_pass http://${upstream.host};
           proxy_set_header Host $http_host;
           proxy_request_buffering ${requestBuffering ? 'on' : 'off'};
         }
       }
     }`,
  );
  const child = startChild(
    requireTool('nginx'),
    ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'],
    { stdio: 'ignore' },
  );
  const host = `127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await stopChild(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      await registryRequest({ url: `http://${host}` }, { method: 'GET', path: '/v2/', expected: [200] });
      return { host, port, stop };
    } catch (error) {
      if (Date.now() < deadline) continue;
      await stop();
      throw error;
    }
  }
}

/** Started by root it changes to another user, which may not write into the folder. */
function userDirective(): string {
  const { uid, username } = userInfo();
  return uid === 0 ? `user ${username};` : '';
}
