/** Names of this length may differ by two letters. In shorter names, two letters make another word. */
const longName = 12;

/** nearestName returns the name that was probably meant: the first that differs by a letter or two. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  return names.find((name) => isNear(given, name));
}

function isNear(given: string, name: string): boolean {
  const most = name.length < longName ? 1 : 2;
  return Math.abs(given.length - name.length) <= most && editsBetween(given, name) <= most;
}

/** Number of deleted, inserted, replaced and swapped letters (optimal string alignment distance). */
function editsBetween(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      line.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (line[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped && row > 1 && column > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [beforeLast, last] = [last, line];
  }
  return last[other.length] ?? 0;
}
