import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { registryRequest, userAgent } from './registry-request.js';
import type { RegistryAddress } from './registry-request.js';

const markTimeoutMs = 10_000;

export interface LoggedRequest {
  readonly method: string;
  /** With the query, as it was sent. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
  /** '' where Basic authorization did not name one. */
  readonly user: string;
  readonly userAgent: string;
}

/** Apache's combined format. */
const line = /^\S+ - (\S+) \[[^\]]+\] "(\S+) (\S+) [^"]*" (\d+) (\d+) "[^"]*" "([^"]*)"$/;

/**
 * The requests in a registry's access log, without those of these tools themselves. A request is logged after its
 * answer has gone out, so one more is sent first, and the log is read when that one is in it.
 */
export async function readAccessLog(address: RegistryAddress, path: string): Promise<readonly LoggedRequest[]> {
  const mark = randomUUID();
  await registryRequest(address, { method: 'GET', path: `/v2/?${mark}`, expected: [200] });
  const deadline = Date.now() + markTimeoutMs;
  let log = readFileSync(path, 'utf8');
  while (!log.includes(mark)) {
    if (Date.now() > deadline) throw new Error(`${address.url} does not write its access log to ${path}`);
    await sleep(5);
    log = readFileSync(path, 'utf8');
  }
  return parseAccessLog(log);
}

/** The same for a log that is complete: its registry has ended, or was killed. */
export function parseAccessLog(log: string): readonly LoggedRequest[] {
  return log
    .split('\n')
    .map(parseLine)
    .filter((request) => request !== undefined && request.userAgent !== userAgent) as LoggedRequest[];
}

function parseLine(text: string): LoggedRequest | undefined {
  const match = line.exec(text);
  if (match === null) return undefined;
  const [, user = '', method = '', path = '', status, bytes, agent = ''] = match;
  return {
    method,
    path,
    status: Number(status),
    bytes: Number(bytes),
    user: user === '-' ? '' : user,
    userAgent: agent,
  };
}
