import { copyImage } from '@image-ferry/registry';
import type { CopyReport, RegistryClient } from '@image-ferry/registry';
import { parsePlatformSelection } from '@image-ferry/registry/platform';
import type { PlatformSelection } from '@image-ferry/registry/platform';

import { printBytes } from '../../domain/byte-count.js';
import { FerryError } from '../../domain/ferry-error.js';
import { openClient } from '../copy-client.js';
import { printTargets, reportAsJson } from '../copy-report.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { readListFile } from '../list-file.js';
import { printJson, printMessage } from '../output.js';
import { parseCopyList } from '../parse-copy-list.js';
import type { CopyJob } from '../parse-copy-list.js';
import type { CopyCommandOptions } from './copy.js';

/** Copying a small image is mostly waiting for responses; the client itself limits the bytes in flight. */
const maxParallelImages = 16;

interface JobOutcome {
  readonly source: string;
  /** The report, or the error that the source caused. */
  readonly result: CopyReport | FerryError;
}

/**
 * Copies every image of a list, several in parallel, with the copy engine alone. Blobs that one image brought to a
 * registry are mounted for the next ones, so that a shared base is read once.
 *
 * @param targetPrefixes `host[/path]`: the targets of lines that name none
 * @returns exit status: 1 if any copy is missing at the end
 * @throws InvalidInput for errors of the list, before any request is sent
 */
export async function copyListCommand(
  file: string,
  targetPrefixes: readonly string[],
  options: CopyCommandOptions,
): Promise<number> {
  const jobs = parseCopyList(await readListFile(file), targetPrefixes);
  const platforms = parsePlatformSelection(options.platform ?? 'all');
  const client = await openClient(jobs.flatMap(({ source, targets }) => [source, ...targets]));
  const interruption = interruptible();
  const json = options.json === true;
  /** In the order of the list. */
  const outcomes: JobOutcome[] = [];
  printMessage(`copying ${jobs.length} ${jobs.length === 1 ? 'image' : 'images'}`);
  try {
    // One shared iterator: each worker takes the next image.
    const queue = jobs.entries();
    const worker = async (): Promise<void> => {
      for (const [position, job] of queue) {
        const outcome = await copyOne(client, job, { ...options, platforms, signal: interruption.signal });
        outcomes[position] = outcome;
        if (!json) printOutcome(outcome);
      }
    };
    await Promise.all(Array.from({ length: maxParallelImages }, worker));
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printMessage('interrupted; blobs that were already uploaded stay, and the next copy continues from there');
    return ExitStatus.failed;
  } finally {
    interruption.release();
    client.close();
  }

  if (json) printJson(outcomes.map(({ source, result }) => ({ source, ...outcomeAsJson(result) })));
  const complete = outcomes.filter(({ result }) => !(result instanceof FerryError) && result.failures.length === 0);
  const images = jobs.length === 1 ? 'image' : 'images';
  printMessage(
    `${complete.length} of ${jobs.length} ${images} done, ${printBytes(bytesRead(outcomes))} read from the sources`,
  );
  return complete.length === jobs.length ? ExitStatus.done : ExitStatus.failed;
}

async function copyOne(
  client: RegistryClient,
  { source, targets }: CopyJob,
  {
    platforms,
    referrers = false,
    signal,
  }: Pick<CopyCommandOptions, 'referrers'> & { readonly platforms: PlatformSelection; readonly signal: AbortSignal },
): Promise<JobOutcome> {
  try {
    const request = {
      source: source.reference,
      platforms,
      targets: targets.map(({ target }) => ({ ...target, referrers })),
      trustEqualTags: true,
    };
    return { source: source.text, result: await copyImage(client, request, { signal }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FerryError)) throw error;
    return { source: source.text, result: error };
  }
}

function printOutcome({ source, result }: JobOutcome): void {
  if (result instanceof FerryError) {
    printMessage(`failed: ${source}: ${result.message}`);
    return;
  }
  printTargets(result);
}

function outcomeAsJson(result: CopyReport | FerryError): object {
  if (!(result instanceof FerryError)) return reportAsJson(result);
  const { code, decision, message } = result;
  return { failure: { code, decision, reason: message } };
}

function bytesRead(outcomes: readonly JobOutcome[]): number {
  return outcomes.reduce((sum, { result }) => sum + (result instanceof FerryError ? 0 : result.bytesRead), 0);
}
