import { isDigest } from '@image-ferry/registry/digest';
import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { rollbackResult, startRollback } from '../../client/start-rollback.js';
import { readTargetsConfig } from '../../config/read-config.js';
import type { RollbackResult } from '../../contract/audit-messages.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { assertTarget } from '../known-target.js';
import { warningOfMissingWorker } from '../missing-worker-warning.js';
import { printJson, printLine, printMessage } from '../output.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { withTemporal } from '../with-temporal.js';

export interface RollbackOptions {
  readonly target: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Puts a tag back and waits until it is done. */
export async function rollbackCommand(image: string, { target, to, json = false }: RollbackOptions): Promise<number> {
  const config = readTargetsConfig(process.env);
  assertTarget(target, config);
  const canonical = printImageReference(parseImageReference(image));
  if (to !== undefined && !isDigest(to)) {
    throw new InvalidInput(`--to ${to}: expected a digest, sha256: and 64 characters`, 'invalid-reference');
  }
  const result = await withTemporal(config, async (temporal) => {
    const run = await startRollback(temporal, { image: canonical, target, to, who: 'cli' });
    return await unlessInterrupted(
      async (signal) => await warningOfMissingWorker(temporal, rollbackResult(temporal, run, signal)),
      () =>
        `the worker continues the rollback: "ferry status ${canonical}" shows it, "ferry release ${canonical} --target ${target}" calls it off`,
    );
  });
  if (result === undefined) return ExitStatus.failed;
  if (json) printJson(result);
  else printResult(result);
  return result.state === 'held' ? ExitStatus.done : ExitStatus.failed;
}

function printResult(result: RollbackResult): void {
  const { image, target } = result;
  switch (result.state) {
    case 'held': {
      const { reference, digest, before } = result;
      const from = before === undefined || before === digest ? '' : `, before: ${before}`;
      printLine(`${reference} points to ${digest}${from}`);
      printLine(
        `It is held there: no sync run and no audit changes it until "ferry release ${image} --target ${target}".`,
      );
      return;
    }
    case 'refused':
      printMessage(`not rolled back (${result.code}): ${result.reason}`);
      return;
    case 'pending':
      printMessage(`not rolled back yet, the next sync runs go on trying: ${result.reason}`);
      return;
    case 'released':
      printMessage(`the rollback of ${image} on ${target} was called off before it was made`);
      return;
    default:
      result satisfies never;
  }
}
