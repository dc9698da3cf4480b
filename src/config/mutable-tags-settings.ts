import * as z from 'zod';

import { parseDuration } from '../domain/duration.js';
import { checkBackupTag } from '../domain/mutable-tags.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

/** Tags that are compared with their source again although they were copied. */
export const MutableTagsEntry = z.strictObject({
  tags: z
    .union([z.enum(['all', 'none']), z.array(z.string().min(1))], 'must be all, none or a list of tags')
    .optional(),
  every: z.string().optional(),
  backupTag: z.string().optional(),
});
export type MutableTagsEntry = z.infer<typeof MutableTagsEntry>;

const defaultTags = ['latest'];

/** `FERRY_MUTABLE_TAGS` (patterns separated by commas, `all` or `none`) overrides the file's `tags`. */
export function readMutableTags(
  environment: Environment,
  { path, mutableTags: entry }: { readonly path: string; readonly mutableTags?: MutableTagsEntry | undefined },
  errors: ConfigErrors,
): MutableTags {
  const variable = errors.try(() => environment.value('FERRY_MUTABLE_TAGS'));
  const backupTag = entry?.backupTag;
  if (backupTag !== undefined) errors.try(() => checkBackupTag(backupTag), `${path}: mutableTags.backupTag`);
  return {
    patterns: patternsOf(variable === undefined ? (entry?.tags ?? defaultTags) : listed(variable)),
    everyMs: errors.try(() => parseDuration(entry?.every ?? '0'), `${path}: mutableTags.every`) ?? 0,
    backupTag,
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
