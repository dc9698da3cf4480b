import type { Lookup } from './compose-interpolation.js';
import { interpolate } from './compose-interpolation.js';

/** More than any project has; what comes after them is not read. */
const mostVariables = 2_000;
/** Longer ones are no part of an image. */
const longestValue = 1_000;

const assignment = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*/;

/**
 * Reads an environment file as Compose does: `NAME=value`, single quotes as they are, double quotes and bare values with
 * variables of the lines before (or of `outer`, which win), comments after a blank and `#`.
 */
export function parseEnvFile(text: string, outer: Lookup): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const lookup: Lookup = (name) => outer(name) ?? values.get(name);
  let rest = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  while (rest !== '' && values.size < mostVariables) {
    const end = rest.indexOf('\n');
    const line = end < 0 ? rest : rest.slice(0, end);
    const [whole, name] = assignment.exec(line) ?? [];
    let length = line.length;
    if (whole !== undefined && name !== undefined) {
      const read = readValue(
        rest.slice(whole.length, whole.length + longestValue + 2),
        line.slice(whole.length),
        lookup,
      );
      if (read.value !== undefined) values.set(name, read.value);
      length = Math.max(length, whole.length + (read.length ?? 0));
    }
    // A quoted value may go on over lines: what follows it is a comment at most.
    const next = rest.indexOf('\n', length);
    rest = next < 0 ? '' : rest.slice(next + 1);
  }
  return values;
}

interface ReadValue {
  /** Absent: it cannot be known. */
  readonly value?: string;
  /** How far a quoted value reaches. */
  readonly length?: number;
}

function readValue(ahead: string, line: string, lookup: Lookup): ReadValue {
  const quoted = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/s.exec(ahead);
  if (quoted !== null) {
    const [all, single, double] = quoted;
    if (single !== undefined) return { value: single, length: all.length };
    return { ...interpolated((double ?? '').replaceAll(/\\(["\\])/g, '$1'), lookup), length: all.length };
  }
  const bare = line.replace(/(^|\s)#.*$/, '').trim();
  return bare.length > longestValue ? {} : interpolated(bare, lookup);
}

/** A value that needs a variable without a value has none either. */
function interpolated(text: string, lookup: Lookup): ReadValue {
  const read = interpolate(text, lookup);
  return read.kind === 'text' && read.unset.length === 0 ? { value: read.text } : {};
}

/** Names under which projects publish what a user copies to `.env`, the most usual first. */
const examples: readonly RegExp[] = [
  /^\.env[._-]example$/i,
  /^\.env[._-](?:sample|template|tmpl|dist|defaults?)$/i,
  /^(?:example|sample|template|default|\.example)\.env$/i,
  /^env[._-](?:example|sample|template|dist)$/i,
  /^\.env[._-](?:docker|prod|production|compose)(?:[._-](?:example|sample|template))?$/i,
  /^(?:variables|docker|compose|stack)\.env(?:\.(?:example|sample|template))?$/i,
];

/** Those of a folder's files that are examples of an environment file, in the order in which they count. */
export function exampleEnvFiles(names: readonly string[]): readonly string[] {
  return examples.flatMap((form) => names.filter((name) => form.test(name)).toSorted());
}
