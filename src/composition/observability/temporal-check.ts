import type { TemporalClient } from '../../client/connect.js';

/** @throws if Temporal does not answer, or the namespace does not exist */
export async function assertNamespace({ client, withDeadline }: TemporalClient): Promise<void> {
  const { namespace } = client.options;
  await withDeadline(async () => await client.workflowService.describeNamespace({ namespace }));
}
