import { DefaultLogger, Runtime } from '@temporalio/worker';

let isQuiet = false;

/** Limits the logs of Temporal's native part to errors. Once per process, which several test files may share. */
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
