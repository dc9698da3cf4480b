import { packageFolder } from '../config/package-folder.js';
import { FerryError } from '../domain/ferry-error.js';
import { findProgram } from '../setup/find-program.mjs';
import { temporalCli } from '../setup/temporal-cli.mjs';

/**
 * Finds the Temporal CLI, where `ferry setup` finds it or has installed it.
 *
 * @throws FerryError listing where it searched and how to get it
 */
export async function findTemporal(variables: Readonly<Record<string, string | undefined>>): Promise<string> {
  const program = temporalCli(packageFolder);
  const { path, faults } = await findProgram(program, variables);
  if (path !== undefined) return path;
  const searched = faults.map((fault) => `\n  - ${fault}`).join('');
  throw new FerryError(
    `the ${program.title} is missing: run "ferry setup", or set TEMPORAL_ADDRESS to your own server. Searched:${searched}`,
    { code: 'temporal', decision: 'block' },
  );
}
