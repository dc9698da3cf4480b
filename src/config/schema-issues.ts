/** Error messages for `ferry.yaml` in the terms of the file instead of those of the schema. */
import * as z from 'zod';

import { nearestName } from '../domain/nearest-name.js';
import { isMapping } from './file-parts.js';

const forms: Readonly<Record<string, string>> = {
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** Formats one issue as lines that begin with the location. Each unrecognized key has a line of its own. */
export function schemaIssues(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join('.');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const messages = issue.message.split('\n');
      return issue.keys.map((key, index) => `${[...issue.path, key].join('.')} ${messages[index] ?? ''}`);
    }
    case 'invalid_key':
      return [`${path}: ${issue.issues[0]?.message ?? issue.message}`];
    default:
      return [path === '' ? issue.message : `${path}: ${issue.message}`];
  }
}

/** Translates the schema library's message; an issue with a message of its own keeps it. */
export function formatIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return issue.keys.map((key) => formatUnknownKey(key, known)).join('\n');
    }
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${forms[issue.expected] ?? issue.expected}, ${formatGiven(issue.input)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `must be ${oneOf(issue.options)}` : undefined;
    case 'too_small':
      return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

function formatUnknownKey(key: string, known: readonly string[]): string {
  const meant = nearestName(key, known);
  return meant === undefined ? `is unknown; known: ${known.join(', ')}` : `is unknown; did you mean ${meant}?`;
}

/** Names the type, never the value itself, which may be a misplaced password. */
function formatGiven(input: unknown): string {
  if (input === null) return 'and is empty';
  if (Array.isArray(input)) return 'and is a list';
  if (isMapping(input)) return 'and is a mapping';
  return `and is ${forms[typeof input] ?? typeof input}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map(String);
  return [texts.slice(0, -1).join(', '), texts.at(-1)].filter((text) => text !== '').join(' or ');
}
