import type { TemporalConnectionOptions } from '../client/connect.js';
import { packageFolder } from '../config/package-folder.js';
import { candidates } from '../setup/find-program.mjs';
import { temporalCli } from '../setup/temporal-cli.mjs';

/** Returns the command that cancels a workflow, with the path of `temporal` if it is installed. */
export function cancelCommand({ address, namespace }: TemporalConnectionOptions, workflowId: string): string {
  const options = [`--workflow-id ${workflowId}`, `--address ${address}`];
  if (namespace !== 'default') options.push(`--namespace ${namespace}`);
  return `${temporalCommand() ?? 'temporal'} workflow cancel ${options.join(' ')}`;
}

/** Path of a `temporal` command of any version; undefined if there is none. */
function temporalCommand(): string | undefined {
  return candidates(temporalCli(packageFolder), process.env)[0];
}
