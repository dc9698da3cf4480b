import type { WorkflowExecutionInfo } from '@temporalio/client';

import type { FetchResult } from '../contract/fetch-messages.js';
import { fetchWorkflowTypes } from '../contract/workflow-names.js';
import { errorMessage } from '../domain/error-message.js';
import type { TemporalClient } from './connect.js';
import { checkedUpstream } from './running-fetches.js';
import { resultOf } from './workflow-result.js';

/** One check of an upstream, as long as Temporal keeps it. Times in UTC milliseconds. */
export interface UpstreamCheck {
  readonly upstream: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: number;
  readonly finishedAt?: number | undefined;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** Of a check that is done. */
  readonly result?: FetchResult | undefined;
  /** Why it failed. */
  readonly fault?: string | undefined;
}

/** Checks that one question looks through. */
const mostListed = 200;
/** Results that are kept in memory: a check that ended never changes. */
const mostKept = 200;

/** Reads the last checks of upstreams from Temporal. */
export class UpstreamChecks {
  readonly #temporal: TemporalClient;
  readonly #ended = new Map<string, UpstreamCheck>();

  constructor(temporal: TemporalClient) {
    this.#temporal = temporal;
  }

  /** The last checks of each upstream, the newest first. */
  async last(perUpstream: number): Promise<ReadonlyMap<string, readonly UpstreamCheck[]>> {
    const found = new Map<string, WorkflowExecutionInfo[]>();
    for (const execution of await this.#list()) {
      const upstream = checkedUpstream(execution.type, execution.workflowId);
      const known = found.get(upstream) ?? [];
      if (known.length < perUpstream) found.set(upstream, [...known, execution]);
    }
    const checks = new Map<string, readonly UpstreamCheck[]>();
    for (const [upstream, executions] of found) {
      checks.set(upstream, await Promise.all(executions.map(async (one) => await this.#check(upstream, one))));
    }
    return checks;
  }

  async #list(): Promise<readonly WorkflowExecutionInfo[]> {
    const { client, withDeadline } = this.#temporal;
    const query = `WorkflowType in (${fetchWorkflowTypes.map((type) => `'${type}'`).join(', ')})`;
    return await withDeadline(async () => {
      const found: WorkflowExecutionInfo[] = [];
      for await (const execution of client.workflow.list({ query, pageSize: mostListed })) {
        found.push(execution);
        if (found.length === mostListed) break;
      }
      return found.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
    });
  }

  async #check(upstream: string, execution: WorkflowExecutionInfo): Promise<UpstreamCheck> {
    const { workflowId, runId, startTime, closeTime, status } = execution;
    const known = this.#ended.get(runId);
    if (known !== undefined) return known;
    const times = { startedAt: startTime.getTime(), finishedAt: closeTime?.getTime() };
    const check = { upstream, workflowId, runId, ...times };
    if (status.name === 'RUNNING') return { ...check, state: 'running' };
    const ended = { ...check, ...(await this.#outcome(workflowId, runId, status.name)) };
    this.#ended.set(runId, ended);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > mostKept && oldest !== undefined) this.#ended.delete(oldest);
    return ended;
  }

  async #outcome(
    workflowId: string,
    runId: string,
    status: string,
  ): Promise<Pick<UpstreamCheck, 'state' | 'result' | 'fault'>> {
    if (status === 'CANCELLED') return { state: 'cancelled' };
    try {
      const run = { workflowId, runId };
      const result = await this.#temporal.withDeadline(async () => await resultOf(this.#temporal, run));
      return { state: 'done', result: result as FetchResult };
    } catch (error) {
      return { state: 'failed', fault: errorMessage(error) };
    }
  }
}
