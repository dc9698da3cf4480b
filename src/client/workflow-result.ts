import { setMaxListeners } from 'node:events';

import { ApplicationFailure, CancelledFailure, TerminatedFailure, WorkflowFailedError } from '@temporalio/client';

import { FerryError } from '../domain/ferry-error.js';
import type { FaultCode } from '../domain/ferry-error.js';
import type { TemporalClient } from './connect.js';

/**
 * Waits for the end of a run, including what it continues as.
 *
 * @param signal ends the waiting, not the run; the call in flight is cancelled before this rejects
 * @throws FerryError if the run ended without a result
 */
export async function resultOf(
  { client }: TemporalClient,
  { workflowId, runId }: { readonly workflowId: string; readonly runId?: string },
  signal?: AbortSignal,
): Promise<unknown> {
  const wait = async (): Promise<unknown> => await client.workflow.getHandle(workflowId, runId).result();
  // The connection adds a listener with every call and never removes it: a wait of some minutes makes dozens of calls.
  if (signal !== undefined) setMaxListeners(0, signal);
  try {
    return signal === undefined ? await wait() : await client.connection.withAbortSignal(signal, wait);
  } catch (error) {
    throw error instanceof WorkflowFailedError ? endedWithout(error, workflowId) : error;
  }
}

function endedWithout(error: WorkflowFailedError, workflowId: string): FerryError {
  const { cause } = error;
  const ended = (message: string, code: FaultCode = 'temporal'): FerryError =>
    new FerryError(message, { code, decision: 'block', cause });
  if (cause instanceof CancelledFailure) return ended(`${workflowId} was cancelled before it ended`, 'cancelled');
  if (cause instanceof TerminatedFailure) {
    const reason = cause.message || 'no reason was given';
    return ended(`${workflowId} was terminated before it ended: ${reason}`, 'cancelled');
  }
  const failure = applicationFailure(error);
  if (failure === undefined) return ended(`${workflowId} ended without a result: ${cause?.message ?? error.message}`);
  if (needsPerson(failure)) {
    return new FerryError(failure.message, { code: failure.type as FaultCode, decision: 'block', cause });
  }
  return new FerryError(`${workflowId} failed: ${failure.message}`, { code: 'internal', decision: 'block', cause });
}

function applicationFailure(error: Error): ApplicationFailure | undefined {
  let current: unknown = error;
  while (current instanceof Error) {
    if (current instanceof ApplicationFailure) return current;
    current = current.cause;
  }
  return undefined;
}

function needsPerson({ details }: ApplicationFailure): boolean {
  const detail: unknown = details?.[0];
  return typeof detail === 'object' && detail !== null && 'decision' in detail && detail.decision === 'block';
}
