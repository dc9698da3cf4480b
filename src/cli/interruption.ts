import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** From here on, signals end the process in their default way. */
  release(): void;
}

/** Handles SIGINT, SIGTERM and SIGHUP: the first aborts the work in an orderly way, the second exits at once. */
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
