import { hostAddresses } from '@image-ferry/registry';
import { parsePlatformSelection } from '@image-ferry/registry/platform';

import { chartPrograms } from '../../composition/chart-programs.js';
import { planOfImages } from '../../composition/open-sync-plan.js';
import { readConfig, readRequestConfig } from '../../config/read-config.js';
import type { AddedImage } from '../../contract/sync-messages.js';
import { createStores } from '../../database/stores.js';
import { discoverPaths } from '../../discovery/discover-paths.js';
import { Discovery } from '../../discovery/discovery.js';
import { readTextFile } from '../../discovery/text-files.js';
import { canonicalPlatforms } from '../../domain/canonical-platforms.js';
import type { Lookup } from '../../domain/compose-interpolation.js';
import { parseEnvFile } from '../../domain/env-file.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { groupFinds } from '../../domain/found-image.js';
import type { DiscoveredImage } from '../../domain/found-image.js';
import { addImages } from '../../domain/judge-requested-images.js';
import type { PendingPlan } from '../../domain/plan-types.js';
import { createSourceGate } from '../../domain/source-gate.js';
import { printAddedImages } from '../added-images.js';
import { confirmImages } from '../confirm-images.js';
import { ExitStatus } from '../exit-status.js';
import { printFound, printFoundJson, printPlace } from '../find-report.js';
import type { Confirmation, FindReport } from '../find-report.js';
import { interruptible } from '../interruption.js';
import { printLine, printMessage } from '../output.js';
import { planTables } from '../plan-report.js';
import { requestSyncAfter } from '../request-sync-after.js';
import { withConfigWarnings } from '../with-config-warnings.js';
import { withStores } from '../with-stores.js';

export interface FindOptions {
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly kubeVersion?: string;
  readonly envFile?: readonly string[];
  readonly cluster?: string | boolean;
  readonly namespace?: string;
  readonly likely?: boolean;
  readonly add?: boolean;
  readonly plan?: boolean;
  readonly platform?: string;
  readonly sync: boolean;
  readonly json?: boolean;
}

/** @returns 1 if nothing was found, something could not be read or is not known, or an image was refused */
export async function findCommand(paths: readonly string[], options: FindOptions): Promise<number> {
  assertOptions(paths, options);
  const interruption = interruptible();
  try {
    return await find(paths, options, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printMessage('interrupted; nothing was recorded');
    return ExitStatus.failed;
  } finally {
    interruption.release();
  }
}

async function find(paths: readonly string[], options: FindOptions, signal: AbortSignal): Promise<number> {
  const { json = false, add = false, plan = false, likely = false } = options;
  const discovery = await discover(paths, options, signal);
  const images = groupFinds(discovery.finds);
  const unsure = images.filter(({ certainty }) => certainty === 'likely').map(({ image }) => image);
  const confirmations = likely ? await confirmImages(unsure, signal) : new Map<string, Confirmation>();
  const report: FindReport = { ...pick(discovery), images, confirmations };
  const included = images.filter(({ image, certainty }) => certainty === 'certain' || exists(confirmations.get(image)));

  const isWhole = included.length > 0 && report.unread.length === 0 && !hasUnknown(confirmations);
  const status = isWhole ? ExitStatus.done : ExitStatus.failed;
  if (!json) printFound(report, { isChecked: likely });
  if (included.length === 0) {
    if (json) printFoundJson(report, {});
    printMessage(images.length === 0 ? 'No image was found.' : 'No certain image was found; see --likely.');
    return ExitStatus.failed;
  }
  if (plan) {
    await printPlan(included, options, signal);
    return status;
  }
  const added = add ? await addFound(included, options) : undefined;
  const syncRequested = added !== undefined && options.sync && added.some(({ outcome }) => outcome !== 'refused');
  if (json) printFoundJson(report, added === undefined ? {} : { added, syncRequested });
  else if (added !== undefined) {
    printLine();
    printAddedImages(added);
  }
  if (syncRequested) {
    await requestSyncAfter(readRequestConfig(process.env), {
      reason: 'ferry find',
      kept: 'The images are recorded for the next sync run.',
    });
  }
  return added?.some(({ outcome }) => outcome === 'refused') === true ? ExitStatus.failed : status;
}

function assertOptions(paths: readonly string[], { cluster, namespace, add, plan, json }: FindOptions): void {
  const fault =
    (paths.length === 0 && cluster === undefined
      ? 'nothing to read: pass files, folders, charts or - for standard input, or --cluster'
      : undefined) ??
    (namespace !== undefined && cluster === undefined ? '--namespace is for --cluster' : undefined) ??
    (add === true && plan === true ? 'use --plan to see what would be copied, then --add' : undefined) ??
    (plan === true && json === true ? '--plan prints tables: use it without --json' : undefined) ??
    (paths.filter((path) => path === '-').length > 1 ? 'standard input can be read once' : undefined);
  if (fault !== undefined) throw new InvalidInput(fault, 'configuration');
}

async function discover(paths: readonly string[], options: FindOptions, signal: AbortSignal): Promise<Discovery> {
  const { values = [], set: sets = [], envFile = [], kubeVersion, cluster, namespace } = options;
  const discovery = await discoverPaths(paths, {
    variables: await readVariables(envFile),
    values,
    sets,
    kubeVersion,
    programs: chartPrograms(process.env),
    standardInput: () => process.stdin,
    signal,
  });
  if (cluster !== undefined) {
    const { readCluster } = await import('../../discovery/read-cluster.js');
    const context = typeof cluster === 'string' ? cluster : undefined;
    await readCluster(discovery, { context, namespace, signal });
  }
  return discovery;
}

async function readVariables(paths: readonly string[]): Promise<Lookup> {
  const values = new Map<string, string>();
  for (const path of paths) {
    const read = await readTextFile(path);
    if ('fault' in read) throw new InvalidInput(`cannot read --env-file ${path}: ${read.fault}`, 'configuration');
    for (const [name, value] of parseEnvFile(read.text, (name) => values.get(name))) values.set(name, value);
  }
  return (name) => values.get(name);
}

function pick({ skipped, unread, unknown, notes }: Discovery): Pick<FindReport, 'skipped' | 'unread' | 'notes'> {
  return { skipped, unread: [...unread, ...unknown], notes };
}

function exists(confirmation: Confirmation | undefined): boolean {
  return confirmation !== undefined && 'exists' in confirmation && confirmation.exists;
}

function hasUnknown(confirmations: ReadonlyMap<string, Confirmation>): boolean {
  return [...confirmations.values()].some((confirmation) => 'unknown' in confirmation);
}

/** What a sync run would copy if the found images were requested. */
async function printPlan(
  images: readonly DiscoveredImage[],
  { platform }: FindOptions,
  signal: AbortSignal,
): Promise<void> {
  const config = readConfig(process.env);
  const platforms = parsePlatformSelection(platform ?? config.platforms.join(','));
  async function* pending(): AsyncGenerator<readonly PendingPlan[]> {
    yield images.map(({ image }) => ({ image, platforms, targets: 'all', toAdopt: false, force: false }));
  }
  printLine();
  const report = planTables();
  const { openReadOnly } = await import('../../composition/open-stores.js');
  const database = await withConfigWarnings(async () => await openReadOnly(config.database));
  try {
    const stores = createStores(database);
    report.end(await planOfImages(config, pending(), report, { stores, spendPulls: false, signal }));
  } finally {
    await database.close();
  }
}

/** Records the images, each with the place that names it as its reason. */
async function addFound(images: readonly DiscoveredImage[], { platform }: FindOptions): Promise<readonly AddedImage[]> {
  const config = readRequestConfig(process.env);
  const platforms = platform === undefined ? undefined : canonicalPlatforms(platform);
  const ports = { sources: createSourceGate(config.sources, hostAddresses), platforms: config.platforms };
  return await withStores(
    config,
    async ({ wanted }) => {
      const answers: AddedImage[] = [];
      for (const { image, evidence } of images) {
        const [first] = evidence;
        const origin =
          first === undefined
            ? {}
            : { id: `find ${printPlace(first)}`.slice(0, 500), service: first.path.slice(0, 255) };
        const request = { images: [image], platforms };
        answers.push(...(await addImages(request, { ...ports, wanted }, { by: 'cli', ...origin })));
      }
      return answers;
    },
    { creates: true },
  );
}
