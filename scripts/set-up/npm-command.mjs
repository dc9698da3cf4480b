/**
 * Program and arguments that run npm: the npm that runs this script, when one does, since PATH may hold another one, or
 * on Windows a .cmd that cannot be spawned.
 *
 * @returns {[string, string[]]}
 */
export function npmCommand(args) {
  const npm = process.env.npm_execpath;
  return npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args];
}
