import * as z from 'zod';

import { standardAudit } from '../domain/audit.js';
import type { AuditSettings } from '../domain/audit.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { ConfigErrors } from './config-errors.js';

const Mode = z.enum(['heal', 'report']);

/** `audit:` of `ferry.yaml`: its mode alone, or a mapping. */
export const AuditEntry = z.union(
  [
    Mode,
    z.strictObject({
      mode: Mode.optional(),
      /** Part of the copies that each audit checks in depth: `5%`. */
      deepSample: z.string().optional(),
      /** Most requests to one host in a second. */
      requestsPerSecond: z.number().min(0.1).max(1_000).optional(),
    }),
  ],
  "must be heal, report, or { mode: heal, deepSample: '5%', requestsPerSecond: 5 }",
);
export type AuditEntry = z.infer<typeof AuditEntry>;

export function readAudit(
  { path, audit: entry = {} }: { readonly path: string; readonly audit?: AuditEntry | undefined },
  errors: ConfigErrors,
): AuditSettings {
  if (typeof entry === 'string') return { ...standardAudit, mode: entry };
  const { mode, deepSample, requestsPerSecond } = entry;
  const deepShare =
    deepSample === undefined
      ? standardAudit.deepShare
      : errors.try(() => parseShare(deepSample), `${path}: audit.deepSample`);
  return {
    mode: mode ?? standardAudit.mode,
    deepShare: deepShare ?? standardAudit.deepShare,
    requestsPerSecond: requestsPerSecond ?? standardAudit.requestsPerSecond,
  };
}

function parseShare(text: string): number {
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
  const share = percent === undefined ? Number.NaN : Number(percent) / 100;
  if (share > 0 && share <= 1) return share;
  throw new InvalidInput(`"${text.slice(0, 40)}" is no share: expected 1% to 100%`, 'configuration');
}
