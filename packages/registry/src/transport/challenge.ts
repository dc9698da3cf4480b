/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const tokenPattern = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const spaceOrComma = /[\s,]*/y;
const parameterPattern = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;

/** All challenges of one header, or of several joined with commas; what cannot be read ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let at = match(spaceOrComma, header, 0)?.end ?? 0;
  while (at < header.length) {
    const scheme = match(tokenPattern, header, at);
    if (scheme === undefined) break;
    const parameters: Record<string, string> = {};
    at = match(spaceOrComma, header, scheme.end)?.end ?? scheme.end;
    for (
      let next = match(parameterPattern, header, at);
      next !== undefined;
      next = match(parameterPattern, header, at)
    ) {
      const [, name = '', quoted, plain = ''] = next.groups;
      parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
      at = match(spaceOrComma, header, next.end)?.end ?? next.end;
    }
    challenges.push({ scheme: (scheme.groups[0] ?? '').toLowerCase(), parameters });
  }
  return challenges;
}

function match(
  pattern: RegExp,
  text: string,
  at: number,
): { readonly end: number; readonly groups: readonly (string | undefined)[] } | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found === null ? undefined : { end: pattern.lastIndex, groups: found };
}
