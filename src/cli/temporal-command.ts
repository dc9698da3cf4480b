import type { TemporalPlace } from '../client/connect.js';
import { FerryError } from '../domain/ferry-error.js';
import { findTemporal } from '../supervisor/find-temporal.js';

/** What a person types to stop a workflow; with the path of the `temporal` command where the set-up knows it. */
export function cancelCommand({ address, namespace }: TemporalPlace, workflowId: string): string {
  const options = [`--workflow-id ${workflowId}`, `--address ${address}`];
  if (namespace !== 'default') options.push(`--namespace ${namespace}`);
  return `${temporalCommand() ?? 'temporal'} workflow cancel ${options.join(' ')}`;
}

/** Path of the `temporal` command that the ferry uses; undefined where there is none. */
function temporalCommand(): string | undefined {
  try {
    return findTemporal(process.env);
  } catch (error) {
    if (error instanceof FerryError) return undefined;
    throw error;
  }
}
