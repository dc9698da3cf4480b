import { join } from 'node:path';

import { packageFolder } from '../../config/package-folder.js';
import { FerryError } from '../../domain/ferry-error.js';
import { cacheFolder } from '../../setup/cache-folder.mjs';
import { findOrGetProgram } from '../../setup/find-or-get-program.mjs';
import { findProgram } from '../../setup/find-program.mjs';
import { underLock } from '../../setup/lock.mjs';
import { temporalCli } from '../../setup/temporal-cli.mjs';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, say } from '../output.js';

/** Finds or gets what `ferry up` needs beside the package: the Temporal CLI. Prints its path. */
export async function setupCommand({ json = false }: { readonly json?: boolean }): Promise<number> {
  const { path, reason } = await temporal(process.env);
  if (path === undefined) {
    say(reason);
    say('  Or let the ferry use a Temporal server of your own: TEMPORAL_ADDRESS=host:port');
    return ExitStatus.failed;
  }
  if (json) printJson({ temporal: path });
  else printLine(`Temporal CLI: ${path}`);
  return ExitStatus.done;
}

async function temporal(variables: NodeJS.ProcessEnv): ReturnType<typeof findOrGetProgram> {
  const program = temporalCli(packageFolder);
  // What is there needs no folder that this user can write to.
  const { path } = await findProgram(program, variables);
  if (path !== undefined) return { path };
  const folder = cacheFolder(variables);
  try {
    return await underLock(join(folder, 'set-up.lock'), async () => await findOrGetProgram(program, variables));
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new FerryError(
      `${folder} cannot be written (${error.message}): set XDG_CACHE_HOME to a folder of this user, or put temporal on PATH`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
}
