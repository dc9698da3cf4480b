import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { readTargetsConfig } from '../../config/read-config.js';
import { ExitStatus } from '../exit-status.js';
import { assertTarget } from '../known-target.js';
import { printJson, printLine, printMessage } from '../output.js';
import { requestSyncAfter } from '../request-sync-after.js';
import { withStores } from '../with-stores.js';

export interface ReleaseOptions {
  readonly target?: string;
  readonly sync: boolean;
  readonly json?: boolean;
}

/** Ends the hold of a rollback: the next sync run brings what the source has. */
export async function releaseCommand(image: string, { target, sync, json = false }: ReleaseOptions): Promise<number> {
  const config = readTargetsConfig(process.env);
  if (target !== undefined) assertTarget(target, config);
  const canonical = printImageReference(parseImageReference(image));
  const targets = target === undefined ? undefined : [target];
  const released = await withStores(
    config,
    async ({ rollbacks }) => await rollbacks.release(canonical, targets, 'cli'),
  );
  if (json) printJson({ image: canonical, released });
  if (released.length === 0) {
    printMessage(`${canonical} is not held${target === undefined ? '' : ` on ${target}`}`);
    return ExitStatus.failed;
  }
  if (!json)
    printLine(`${canonical} is released on ${released.join(', ')}; the next sync run brings what its source has`);
  if (!sync) return ExitStatus.done;
  await requestSyncAfter(config, {
    reason: 'ferry release',
    kept: 'The image stays pending for the next sync run.',
  });
  return ExitStatus.done;
}
