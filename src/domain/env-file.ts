import { interpolate } from './compose-interpolation.js';
import type { Lookup } from './compose-interpolation.js';

/** More than any project has. Further variables are ignored. */
const mostVariables = 2_000;
/** A longer value cannot be part of an image. */
const longestValue = 1_000;

const assignment = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*/;

/**
 * parseEnvFile reads an environment file as Compose does: `NAME=value`, single quotes literal, double quotes and bare
 * values with variables of the lines before (or of `outer`, which take precedence), comments after a blank and `#`.
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
    // A quoted value may span lines. Only a comment can follow it.
    const next = rest.indexOf('\n', length);
    rest = next < 0 ? '' : rest.slice(next + 1);
  }
  return values;
}

interface ReadValue {
  /** Absent if it cannot be determined. */
  readonly value?: string;
  /** Length of a quoted value in the file. */
  readonly length?: number | undefined;
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

/** Usual names of the file that users of a project copy to `.env`, the most common first. */
const examples: readonly RegExp[] = [
  /^\.env[._-]example$/i,
  /^\.env[._-](?:sample|template|tmpl|dist|defaults?)$/i,
  /^(?:example|sample|template|default|\.example)\.env$/i,
  /^env[._-](?:example|sample|template|dist)$/i,
  /^\.env[._-](?:docker|prod|production|compose)(?:[._-](?:example|sample|template))?$/i,
  /^(?:variables|docker|compose|stack)\.env(?:\.(?:example|sample|template))?$/i,
];

/** Returns the files of a folder that are examples of an environment file, by precedence. */
export function exampleEnvFiles(names: readonly string[]): readonly string[] {
  return examples.flatMap((form) => names.filter((name) => form.test(name)).toSorted());
}
