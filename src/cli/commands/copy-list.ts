import { FerryError } from '../../domain/ferry-error.js';
import type { PlatformSelection } from '../../../packages/registry/src/oci/platform.js';
import { parsePlatformSelection } from '../../../packages/registry/src/oci/platform.js';
import { copyImage } from '../../../packages/registry/src/copy-image.js';
import type { CopyReport } from '../../../packages/registry/src/copy-types.js';
import type { RegistryClient } from '../../../packages/registry/src/registry-client.js';
import { openClient } from '../copy-client.js';
import { parseCopyList } from '../parse-copy-list.js';
import type { CopyJob } from '../parse-copy-list.js';
import { printTargets, reportAsJson } from '../copy-report.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { readListFile } from '../list-file.js';
import { megabytes, printJson, say } from '../output.js';
import type { CopyCommandOptions } from './copy.js';

/** Most of a small image's copy is waiting for one answer after the other; the bytes are bounded by the client. */
const IMAGES_AT_ONCE = 16;

interface JobOutcome {
  readonly source: string;
  /** What became of it; the fault of its source in its place. */
  readonly result: CopyReport | FerryError;
}

/**
 * Copies every image of a list, several at once, with nothing but the engine. What one image has brought to a registry
 * the next ones have mounted there: a shared base is read once.
 *
 * @param targetPrefixes `host[/path]`, below which go the images whose lines name no target of their own
 * @returns exit status: 1 when anything is missing at the end
 * @throws InvalidInput for faults of the list, before anything is asked
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
  say(`copying ${jobs.length} ${jobs.length === 1 ? 'image' : 'images'}`);
  try {
    // One iterator for all: each takes the next.
    const queue = jobs.entries();
    const worker = async (): Promise<void> => {
      for (const [position, job] of queue) {
        const outcome = await copyOne(client, job, { ...options, platforms, signal: interruption.signal });
        outcomes[position] = outcome;
        if (!json) printOutcome(outcome);
      }
    };
    await Promise.all(Array.from({ length: IMAGES_AT_ONCE }, worker));
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    say('interrupted; what had arrived stays, and the next copy goes on from there');
    return ExitStatus.failed;
  } finally {
    interruption.release();
    client.close();
  }

  if (json) printJson(outcomes.map(({ source, result }) => ({ source, ...outcomeAsJson(result) })));
  const complete = outcomes.filter(({ result }) => !(result instanceof FerryError) && result.failures.length === 0);
  const images = jobs.length === 1 ? 'image' : 'images';
  say(`${complete.length} of ${jobs.length} ${images} done, ${megabytes(bytesRead(outcomes))} read from their sources`);
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
    say(`failed: ${source}: ${result.message}`);
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
