import type { TemporalConnectionOptions } from '../client/connect.js';
import { packageFolder } from '../config/package-folder.js';
import { candidates } from '../setup/find-program.mjs';
import { temporalCli } from '../setup/temporal-cli.mjs';

/** What a person types to stop a workflow; with the path of the `temporal` command where there is one. */
export function cancelCommand({ address, namespace }: TemporalConnectionOptions, workflowId: string): string {
  const options = [`--workflow-id ${workflowId}`, `--address ${address}`];
  if (namespace !== 'default') options.push(`--namespace ${namespace}`);
  return `${temporalCommand() ?? 'temporal'} workflow cancel ${options.join(' ')}`;
}

/** Path of a `temporal` command, whose version does not matter for this; undefined where there is none. */
function temporalCommand(): string | undefined {
  return candidates(temporalCli(packageFolder), process.env)[0];
}
