/** In short names two other letters make another word. */
const longName = 12;

/** The name that was probably meant: the first that is a letter or two away from what was given. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  return names.find((name) => isNear(given, name));
}

function isNear(given: string, name: string): boolean {
  const most = name.length < longName ? 1 : 2;
  return Math.abs(given.length - name.length) <= most && editsBetween(given, name) <= most;
}

/** Letters that were left out, added, exchanged for another or for their neighbour (optimal string alignment). */
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
