import { join } from 'node:path';

import { packageFolder } from '../../config/package-folder.js';
import { FerryError } from '../../domain/ferry-error.js';
import { cacheFolder } from '../../setup/cache-folder.mjs';
import { findOrGetProgram } from '../../setup/find-or-get-program.mjs';
import { findProgram } from '../../setup/find-program.mjs';
import { underLock } from '../../setup/lock.mjs';
import { temporalCli } from '../../setup/temporal-cli.mjs';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printMessage } from '../output.js';

/** Finds or gets the Temporal CLI, which `ferry up` needs beside the package, and prints its path. */
export async function setupCommand({ json = false }: { readonly json?: boolean }): Promise<number> {
  const { path, reason } = await temporal(process.env);
  if (path === undefined) {
    printMessage(reason);
    printMessage('  Or use your own Temporal server: TEMPORAL_ADDRESS=host:port');
    return ExitStatus.failed;
  }
  if (json) printJson({ temporal: path });
  else printLine(`Temporal CLI: ${path}`);
  return ExitStatus.done;
}

async function temporal(variables: NodeJS.ProcessEnv): ReturnType<typeof findOrGetProgram> {
  const program = temporalCli(packageFolder);
  // A program that exists already needs no folder that this user can write to.
  const { path } = await findProgram(program, variables);
  if (path !== undefined) return { path };
  const folder = cacheFolder(variables);
  try {
    return await underLock(join(folder, 'set-up.lock'), async () => await findOrGetProgram(program, variables));
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new FerryError(
      `cannot write to ${folder} (${error.message}): set XDG_CACHE_HOME to a writable folder, or put temporal on PATH`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
}
