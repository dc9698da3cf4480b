import * as z from 'zod';

import { parseDuration } from '../domain/duration.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { checkBackupTag } from '../domain/mutable-tags.js';
import type { Environment } from './environment.js';
import type { ConfigErrors } from './config-errors.js';

/** Which tags are compared with their source though they were copied. */
export const MutableTagsEntry = z.strictObject({
  tags: z
    .union([z.enum(['all', 'none']), z.array(z.string().min(1))], 'must be all, none or a list of tags')
    .optional(),
  every: z.string().optional(),
  backupTag: z.string().optional(),
});
export type MutableTagsEntry = z.infer<typeof MutableTagsEntry>;

const standardTags = ['latest'];

/** `FERRY_MUTABLE_TAGS` (patterns with commas between, `all` or `none`) wins over the file's `tags`. */
export function readMutableTags(
  environment: Environment,
  { path, mutableTags: entry }: { readonly path: string; readonly mutableTags?: MutableTagsEntry | undefined },
  faults: ConfigErrors,
): MutableTags {
  const variable = faults.try(() => environment.value('FERRY_MUTABLE_TAGS'));
  const backupTag = entry?.backupTag;
  if (backupTag !== undefined) faults.try(() => checkBackupTag(backupTag), `${path}: mutableTags.backupTag`);
  return {
    patterns: patternsOf(variable === undefined ? (entry?.tags ?? standardTags) : listed(variable)),
    everyMs: faults.try(() => parseDuration(entry?.every ?? '0'), `${path}: mutableTags.every`) ?? 0,
    ...(backupTag === undefined ? {} : { backupTag }),
  };
}

function listed(variable: string): 'all' | 'none' | readonly string[] {
  if (variable === 'all' || variable === 'none') return variable;
  return variable
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
}

function patternsOf(tags: 'all' | 'none' | readonly string[]): readonly string[] {
  if (tags === 'all') return ['*'];
  return tags === 'none' ? [] : tags;
}
