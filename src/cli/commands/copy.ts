import { copyImage } from '@image-ferry/registry';
import type { CopyReport } from '@image-ferry/registry';
import { parsePlatformSelection } from '@image-ferry/registry/platform';

import { InvalidInput } from '../../domain/ferry-error.js';
import { openClient } from '../copy-client.js';
import { watchCopy } from '../copy-progress.js';
import { assertAllDifferent, parseTarget, parseTyped } from '../copy-references.js';
import { printCopyReport, reportAsJson } from '../copy-report.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { printJson } from '../output.js';

export interface CopyCommandOptions {
  /** Platforms separated by commas, or `all`; default `all`. */
  readonly platform?: string;
  /** Also copies signatures, SBOMs and all other artifacts that refer to the image. */
  readonly referrers?: boolean | undefined;
  readonly json?: boolean;
}

/**
 * Copies one image to every target with the copy engine alone: no Temporal, no database.
 *
 * @param targetTexts complete references; one without a tag gets the source's tag
 * @returns exit status
 * @throws FerryError for invalid arguments and for an error of the source
 */
export async function copyCommand(
  sourceText: string | undefined,
  targetTexts: readonly string[],
  options: CopyCommandOptions,
): Promise<number> {
  if (sourceText === undefined || targetTexts.length === 0) {
    throw new InvalidInput(
      'pass a source and at least one target ("ferry copy nginx:1.27 registry.example.com/mirror/nginx"), or a list with --file',
      'invalid-reference',
    );
  }
  const source = parseTyped(sourceText);
  const { referrers = false } = options;
  const targets = targetTexts.map((text) => parseTarget(text, source.reference));
  const platforms = parsePlatformSelection(options.platform ?? 'all');
  assertAllDifferent(targets);

  const client = await openClient([source, ...targets]);
  const interruption = interruptible();
  const progress = await watchCopy(sourceText, targets.length);
  let report: CopyReport;
  try {
    report = await copyImage(
      client,
      {
        source: source.reference,
        platforms,
        targets: targets.map(({ target }) => ({ ...target, referrers })),
        trustEqualTags: 'images',
      },
      { signal: interruption.signal, onProgress: (event) => progress.show(event) },
    );
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    progress.close('interrupted; blobs that were already uploaded stay, and the next copy continues from there');
    return ExitStatus.failed;
  } finally {
    progress.close();
    interruption.release();
    client.close();
  }

  if (options.json === true) printJson(reportAsJson(report));
  else printCopyReport(report);
  return report.failures.length === 0 ? ExitStatus.done : ExitStatus.failed;
}
