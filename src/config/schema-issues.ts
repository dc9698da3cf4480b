/** What is said where a part of `ferry.yaml` has not its form: in the file's words, not in those of the schema. */
import * as z from 'zod';

import { isMapping } from './file-parts.js';
import { nearestName } from '../domain/nearest-name.js';

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

/** The lines of one issue, each with its place. Keys that nobody knows have a line each. */
export function schemaIssues(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join('.');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const said = issue.message.split('\n');
      return issue.keys.map((key, index) => `${[...issue.path, key].join('.')} ${said[index] ?? ''}`);
    }
    case 'invalid_key':
      return [`${path}: ${issue.issues[0]?.message ?? issue.message}`];
    default:
      return [path === '' ? issue.message : `${path}: ${issue.message}`];
  }
}

/** The schema's words by ours; where it has a message of its own that one is taken. */
export function formatIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return issue.keys.map((key) => sayUnknown(key, known)).join('\n');
    }
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${forms[issue.expected] ?? issue.expected}, ${sayGiven(issue.input)}`;
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

function sayUnknown(key: string, known: readonly string[]): string {
  const meant = nearestName(key, known);
  return meant === undefined ? `is unknown: known are ${known.join(', ')}` : `is unknown: is ${meant} meant?`;
}

/** Never the value itself: it may be a password in the wrong place. */
function sayGiven(input: unknown): string {
  if (input === null) return 'and is empty';
  if (Array.isArray(input)) return 'and is a list';
  if (isMapping(input)) return 'and is a mapping';
  return `and is ${forms[typeof input] ?? typeof input}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map(String);
  return [texts.slice(0, -1).join(', '), texts.at(-1)].filter((text) => text !== '').join(' or ');
}
