/**
 * @param {RegExpMatchArray | null} match with major and minor as its groups
 * @param {number} major
 * @param {number} minor
 */
export function isAtLeast(match, major, minor) {
  if (match === null) return false;
  const [foundMajor, foundMinor] = [Number(match[1]), Number(match[2])];
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
