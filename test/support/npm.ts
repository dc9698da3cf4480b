import { execFileSync } from 'node:child_process';

import { npmCommand } from '../../scripts/set-up/npm-command.mjs';

/**
 * Runs npm and waits for its end, without the variables that `npm run` set for this process. Returns its standard
 * output.
 */
export function npm(args: readonly string[], { cwd, env = {} }: { cwd: string; env?: Record<string, string> }): string {
  const [program, all] = npmCommand([...args]);
  return execFileSync(program, all, {
    cwd,
    env: { ...withoutNpm(process.env), ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The registry, the cache and the settings of this user, for an npm that runs with another HOME. */
export function npmSettings(cwd: string): Record<string, string> {
  const names = ['registry', 'cache', 'userconfig'];
  const values = JSON.parse(npm(['config', 'list', '--json'], { cwd })) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [`npm_config_${name}`, String(values[name])]));
}

function withoutNpm(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // The settings of a user may be variables, too: npm passes them on in lower case.
  const own = /^npm_(?!config_)|^npm_config_(local_prefix|prefix|global_prefix|noproxy|npm_version|node_gyp)$/;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !own.test(name)));
}
