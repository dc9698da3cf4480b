import type { PullAllowance } from '@image-ferry/registry/pull-quota';
import * as z from 'zod';

import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { canonicalSource } from '../domain/source-allow-list.js';
import type { ConfigErrors } from './config-errors.js';
import { parseRegistryAddress } from './registry-address.js';

/**
 * Maximum number of manifests to read from a host in a time window: less than the host allows, if others need a share.
 */
export const PullsEntry = z.strictObject({
  allowance: z.number().int().positive().max(1_000_000_000),
  window: z.string(),
});
export type PullsEntry = z.infer<typeof PullsEntry>;

interface FileWithPulls {
  readonly path: string;
  readonly hosts?: Readonly<Record<string, { readonly pulls?: PullsEntry | undefined }>> | undefined;
}

const minWindowMs = 1_000;

/** The allowances of `hosts:` by canonical host; errors name the location in the file. */
export function readPullAllowances(
  { path, hosts = {} }: FileWithPulls,
  errors: ConfigErrors,
): ReadonlyMap<string, PullAllowance> {
  const allowances = new Map<string, PullAllowance>();
  for (const [name, { pulls }] of Object.entries(hosts)) {
    if (pulls === undefined) continue;
    const where = `${path}: hosts.${name}`;
    // An invalid host name is reported where the hosts themselves are read.
    const host = errors.try(() => parseRegistryAddress(name, where))?.host;
    const windowMs = readWindow(pulls.window, `${where}.pulls.window`, errors);
    if (host === undefined || windowMs === undefined) continue;
    allowances.set(canonicalSource(host), { pulls: pulls.allowance, windowMs });
  }
  return allowances;
}

function readWindow(text: string, where: string, errors: ConfigErrors): number | undefined {
  return errors.try(() => {
    const windowMs = parseWindow(text, where);
    if (windowMs >= minWindowMs) return windowMs;
    throw new InvalidInput(`${where} is "${text}": expected at least 1s`, 'configuration');
  });
}

function parseWindow(text: string, where: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw error instanceof InvalidInput ? new InvalidInput(`${where}: ${error.message}`, 'configuration') : error;
  }
}
