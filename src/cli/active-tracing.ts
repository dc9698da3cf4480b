import type { RequestObserver } from '@image-ferry/registry';
import type { WorkflowClientInterceptor } from '@temporalio/client';

/** What a command that is traced adds to its clients. */
export interface CommandTracing {
  readonly observer: RequestObserver | undefined;
  readonly interceptors: readonly WorkflowClientInterceptor[];
}

let active: CommandTracing | undefined;

/** Of the command that runs; undefined without traces. */
export function activeTracing(): CommandTracing | undefined {
  return active;
}

export function setActiveTracing(tracing: CommandTracing | undefined): void {
  active = tracing;
}
