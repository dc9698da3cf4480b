import * as z from 'zod';

import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { PullAllowance } from '../domain/pull-allowance.js';
import { canonicalSource } from '../domain/source-allow-list.js';
import type { ConfigErrors } from './config-errors.js';
import { parseRegistryAddress } from './registry-address.js';

/** How many manifests may be read from a host in a window: less than it grants, where others need their share. */
export const PullsEntry = z.strictObject({
  allowance: z.number().int().positive().max(1_000_000_000),
  window: z.string(),
});
export type PullsEntry = z.infer<typeof PullsEntry>;

interface FileWithPulls {
  readonly path: string;
  readonly hosts?: Readonly<Record<string, { readonly pulls?: PullsEntry | undefined }>> | undefined;
}

const shortestWindowMs = 1_000;

/** The allowances of `hosts:`, by canonical host; faults name the place in the file. */
export function readPullAllowances(
  { path, hosts = {} }: FileWithPulls,
  faults: ConfigErrors,
): ReadonlyMap<string, PullAllowance> {
  const allowances = new Map<string, PullAllowance>();
  for (const [name, { pulls }] of Object.entries(hosts)) {
    if (pulls === undefined) continue;
    const where = `${path}: hosts.${name}`;
    // A name that is no host is told of where the hosts themselves are read.
    const host = faults.try(() => parseRegistryAddress(name, where))?.host;
    const windowMs = readWindow(pulls.window, `${where}.pulls.window`, faults);
    if (host === undefined || windowMs === undefined) continue;
    allowances.set(canonicalSource(host), { pulls: pulls.allowance, windowMs });
  }
  return allowances;
}

function readWindow(text: string, where: string, faults: ConfigErrors): number | undefined {
  return faults.try(() => {
    const windowMs = parseWindow(text, where);
    if (windowMs >= shortestWindowMs) return windowMs;
    throw new InvalidInput(`${where} is "${text}": a window lasts at least 1s`, 'configuration');
  });
}

function parseWindow(text: string, where: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw error instanceof InvalidInput ? new InvalidInput(`${where}: ${error.message}`, 'configuration') : error;
  }
}
