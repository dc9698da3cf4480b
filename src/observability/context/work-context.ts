import { AsyncLocalStorage } from 'node:async_hooks';

/** What the work that runs now is part of. */
export interface WorkContext {
  /** IDs of the requests that it is for, the oldest first. */
  readonly requestIds: readonly string[];
  /** W3C traceparent of the span that is open; absent without traces. */
  readonly trace?: string | undefined;
}

const nothing: WorkContext = { requestIds: [] };
const storage = new AsyncLocalStorage<WorkContext>();

/** The context of the caller, across everything that it awaits. */
export function currentContext(): WorkContext {
  return storage.getStore() ?? nothing;
}

export function inContext<T>(context: WorkContext, work: () => T): T {
  return storage.run(context, work);
}

/** Fields for each line of a log. */
export function logFields(): { readonly requestId?: string } {
  const { requestIds } = currentContext();
  return requestIds.length === 0 ? {} : { requestId: requestIds.join(',') };
}
