import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** From here on signals end the process as they do by themselves. */
  release(): void;
}

/**
 * Ctrl-C, a request to end, a terminal that is closed: the first gives the work up in order, the second ends the process
 * at once, with what it does on exit.
 */
export function interruptible(onFirst: () => void = () => undefined): Interruption {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    onFirst();
    controller.abort(new Error('interrupted'));
  };
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    release() {
      for (const name of signals) process.off(name, interrupt);
    },
  };
}
