import { DefaultLogger, Runtime } from '@temporalio/worker';

let isQuiet = false;

/** Temporal's native part logs errors alone. Once in a process, which several test files may share. */
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
