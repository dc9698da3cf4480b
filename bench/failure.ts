const mostCharacters = 200;

/** The line of a program's last words that says what failed, without the capabilities in upload locations. */
export function reasonOf(talk: string): string {
  const lines = talk.trim().split('\n');
  const reason = lines.findLast((line) => /failed:|error|fatal/i.test(line)) ?? lines.at(-1) ?? '';
  const safe = reason.replace(/\?[^\s"\\]+/g, '?…').trim();
  return safe.length > mostCharacters ? `${safe.slice(0, mostCharacters)}…` : safe;
}
