import { headManifest, headSource } from '@image-ferry/registry';
import type { RegistryClient } from '@image-ferry/registry';
import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { openRegistries } from '../../composition/registries.js';
import type { FerryConfig } from '../../config/read-config.js';
import { checkVerdict } from '../../consumers/check-verdict.js';
import type { Answer, Checked } from '../../consumers/check-verdict.js';
import { hostsOf } from '../../consumers/endpoints.js';
import type { MirrorIndex, MirrorName } from '../../consumers/mirror-index.js';
import { MirroredImageQueries } from '../../database/pushed/mirrored-images.js';
import { FerryError, InvalidInput } from '../../domain/ferry-error.js';
import { inParallel } from '../../domain/in-parallel.js';
import { mirroredName } from '../../domain/mirrored-image.js';
import type { Target } from '../../domain/target.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { printJson, printMessage, printTable } from '../output.js';
import { withReadOnlyDatabase } from '../with-read-only-database.js';
import { chosenTarget, mirrorIndex } from './mirror-target.js';
import { imagesOfFiles } from './read-file-images.js';
import type { NamedImage } from './read-file-images.js';

export interface CheckOptions {
  readonly target?: string | undefined;
  /** Do not ask the sources. */
  readonly recorded?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** HEAD requests in flight. */
const requestsAtOnce = 8;

interface Row extends Checked {
  readonly image: string;
  readonly target: string;
  readonly name?: string | undefined;
  readonly where: string;
}

/** What is compared: an image of a file, and the target that it is expected on. */
interface Expected extends NamedImage {
  readonly target: Target;
  /** Undefined if the ferry knows no source of the name. */
  readonly source: ImageReference | undefined;
  readonly find: ReturnType<MirrorIndex['find']>;
}

/**
 * Checks that the images of files are on the target and are the same as at their sources.
 *
 * @returns exit status: 1 unless every image is known and is `ok`
 */
export async function checkFiles(
  files: readonly string[],
  config: FerryConfig,
  options: CheckOptions,
): Promise<number> {
  if (files.length === 0) throw new InvalidInput('ferry use --check takes files, and none is given', 'configuration');
  const { images, notes, unread } = await imagesOfFiles(files);
  const expected = await expectations(images, config, options);
  const interruption = interruptible();
  const client = openRegistries(config);
  const rows: Row[] = [];
  try {
    const { signal } = interruption;
    await inParallel(expected.entries(), requestsAtOnce, async ([position, one]) => {
      rows[position] = await checkOne(one, client, options.recorded === true, signal);
    });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printMessage('interrupted; not every image was checked');
    return ExitStatus.failed;
  } finally {
    client.close();
    interruption.release();
  }

  const isOk = unread.length === 0 && rows.every(({ verdict }) => verdict === 'ok');
  if (options.json === true) printJson({ ok: isOk, images: rows, unread, notes });
  else {
    printTable(
      ['IMAGE', 'TARGET', 'NAME', 'VERDICT', 'REASON'],
      rows.map(({ image, target, name = '', verdict, reason = '', where }) => [
        image,
        target,
        name,
        verdict,
        verdict === 'ok' ? '' : `${reason} (${where})`,
      ]),
    );
    for (const note of notes) printMessage(`note: ${note}`);
    for (const what of unread) printMessage(`not checked: ${what}`);
  }
  const missing = rows.filter(({ verdict }) => verdict === 'missing').map(({ image }) => image);
  if (missing.length > 0) printMessage(`to mirror what is missing: ferry add ${missing.join(' ')}`);
  return isOk ? ExitStatus.done : ExitStatus.failed;
}

/** A mirrored name is looked for on its own target, and compared with its source. */
async function expectations(
  images: readonly NamedImage[],
  config: FerryConfig,
  options: CheckOptions,
): Promise<readonly Expected[]> {
  const { targets } = config;
  return await withReadOnlyDatabase(config, async (database) => {
    const mirrored = new MirroredImageQueries(database);
    const homes = images.map((one) => ({ one, home: targetOf(one.reference, targets) }));
    const written = homes.flatMap(({ one, home }) => (home === undefined ? [] : [nameOf(one, home)]));
    const sources = await mirrored.sourcesOf(written);
    const indexes = new Map<string, MirrorIndex>();
    const expected: Expected[] = [];
    for (const { one, home } of homes) {
      const target = home ?? chosenTarget(targets, options.target);
      let index = indexes.get(target.name);
      if (index === undefined) {
        index = mirrorIndex(await mirrored.all([target]), target, {});
        indexes.set(target.name, index);
      }
      const source = sourceOf(one, home, sources);
      expected.push({ ...one, target, source, find: index.find(source ?? one.reference) });
    }
    return expected;
  });
}

/** Undefined: it is on a target's registry, and the ferry knows no source of it. */
function sourceOf(
  one: NamedImage,
  home: Target | undefined,
  sources: ReadonlyMap<string, string>,
): ImageReference | undefined {
  if (home === undefined) return one.reference;
  const source = sources.get(nameOf(one, home));
  return source === undefined ? undefined : parseImageReference(source);
}

function targetOf({ host, path }: ImageReference, targets: readonly Target[]): Target | undefined {
  const onHost = targets.filter(({ registry }) => hostsOf(registry).includes(host));
  return onHost.find(({ namespace }) => namespace !== '' && path.startsWith(`${namespace}/`)) ?? onHost[0];
}

/** The name as it is recorded: by the target's public host, and without a digest. */
function nameOf({ reference: { path, tag = 'latest' } }: NamedImage, { registry }: Target): string {
  return mirroredName({ registry, repository: path, tag });
}

async function checkOne(
  { image, reference, where, target, source, find }: Expected,
  client: RegistryClient,
  isRecorded: boolean,
  signal: AbortSignal,
): Promise<Row> {
  const shown = source === undefined ? image : printImageReference(source);
  const row = { image: shown, target: target.name, where };
  if (find.kind === 'missing') return { ...row, verdict: 'missing', reason: find.reason };
  if (find.kind === 'mirrored') {
    return {
      ...row,
      name: image,
      verdict: 'different',
      reason: 'the ferry did not copy it, so it has no source to compare with',
    };
  }
  const { name } = find;
  const pinned = source === undefined || printImageReference(reference) === shown ? undefined : reference.digest;
  const onTarget = await answerOf(async () => await headOnTarget(client, target, name, pinned, signal));
  const atSource =
    isRecorded || source === undefined
      ? undefined
      : await answerOf(async () => await headSource(client, source, { signal }));
  signal.throwIfAborted();
  return { ...row, name: mirroredName(name), ...checkVerdict(name, onTarget, atSource) };
}

/** @param digest the digest that the file names: it must exist */
async function headOnTarget(
  client: RegistryClient,
  { name, engine }: Target,
  { registry: host, repository, tag }: MirrorName,
  digest: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (engine === 'docker') {
    throw new InvalidInput(
      `target ${name} is reached by a Docker daemon only; its images cannot be checked from here`,
      'configuration',
    );
  }
  const place = { side: 'target', host, repository, name } as const;
  return (await headManifest(client, place, digest ?? tag, { signal }))?.digest;
}

async function answerOf(ask: () => Promise<string | undefined>): Promise<Answer> {
  try {
    const digest = await ask();
    return digest === undefined ? 'absent' : { digest };
  } catch (error) {
    if (!(error instanceof FerryError)) throw error;
    return error.code === 'tag-missing' || error.code === 'repository-missing' ? 'absent' : { fault: error.message };
  }
}
