import { execFileSync } from 'node:child_process';

import { inject } from 'vitest';

import { requireTool } from '../../demo/tools.js';
import { MessageName } from '../../src/contract/messages.js';
import { syncAllWorkflowId } from '../../src/contract/workflow-names.js';

/**
 * Cancels SyncAll and requests another sync so that one workflow task has both. This process, and with it the worker,
 * does nothing meanwhile: while the task of a repeated request is open, the two after it wait for the next one,
 * together.
 */
export function cancelAndAskInOneTask(
  namespace: string,
  { repeated, asked }: { readonly repeated: string; readonly asked: string },
): void {
  const command = (name: string, ...options: string[]): void => {
    const place = ['--address', inject('temporalAddress'), '--namespace', namespace];
    const args = ['workflow', name, '--workflow-id', syncAllWorkflowId, ...place, ...options];
    execFileSync(requireTool('temporal'), args, { stdio: 'pipe' });
  };
  const ask = (id: string): void =>
    command('signal', '--name', MessageName.requestSync, '--input', JSON.stringify({ id, reason: 'test' }));
  ask(repeated);
  // Until the worker has the task. If it takes longer, all three arrive in one task, which is as good.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  command('cancel');
  ask(asked);
}
