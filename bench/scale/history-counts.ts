import { Client, Connection } from '@temporalio/client';

/** Workflow runs that were open in an interval. */
export interface HistoryCounts {
  readonly workflows: number;
  readonly events: number;
  /** Of the workflow run with the most. */
  readonly longest: number;
  /** Workflow runs of each type. */
  readonly byType: Readonly<Record<string, number>>;
}

/** Counts the events of all workflow runs that ended since `since` or still run. */
export async function historyCounts(address: string, since: Date): Promise<HistoryCounts> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const query = `CloseTime >= "${since.toISOString()}" or ExecutionStatus = "Running"`;
    const byType: Record<string, number> = {};
    let [workflows, events, longest] = [0, 0, 0];
    for await (const run of client.workflow.list({ query, pageSize: 1000 })) {
      // The visibility store learns the length of a history when it ends.
      const length =
        run.historyLength > 0
          ? run.historyLength
          : (await client.workflow.getHandle(run.workflowId, run.runId).describe()).historyLength;
      workflows += 1;
      events += length;
      longest = Math.max(longest, length);
      byType[run.type] = (byType[run.type] ?? 0) + 1;
    }
    return { workflows, events, longest, byType };
  } finally {
    await connection.close();
  }
}
