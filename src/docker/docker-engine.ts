import { KeyedLock } from '@image-ferry/registry';

import { FerryError } from '../domain/ferry-error.js';
import { removeAbandonedFolders } from './config-folder.js';
import { DockerSession } from './docker-session.js';
import type { DockerRepository } from './docker-session.js';
import type {
  DockerCopyOptions,
  DockerCopyReport,
  DockerCopyRequest,
  DockerSettings,
  DockerTarget,
  DockerTargetFailure,
  DockerTargetResult,
} from './docker-types.js';
import { localRepository } from './local-repository.js';
import { pullPlatforms } from './pull-platforms.js';
import type { PulledImage } from './pull-platforms.js';
import { partName, pushImage, referenceOf } from './push-image.js';

/** Copies images by `docker pull`, `tag` and `push`. Use one per daemon in a process. */
export class DockerEngine {
  readonly #settings: DockerSettings;
  /** Locks local repositories: of two copies that share one, neither moves or removes the other's tags. */
  readonly #locks = new KeyedLock();
  #tidied: Promise<void> | undefined;

  constructor(settings: DockerSettings) {
    this.#settings = settings;
  }

  /**
   * Pulls each wanted platform once and pushes it to every target. Docker creates new manifests with other digests than
   * the source's, so copies are compared by the image's configuration, which lists every unpacked layer.
   *
   * @returns the result of each target; a target that failed is in `failures`, and the others are complete
   * @throws FerryError for an error of the source or the daemon; the signal's reason when aborted
   */
  async copy(request: DockerCopyRequest, options: DockerCopyOptions = {}): Promise<DockerCopyReport> {
    this.#tidied ??= removeAbandonedFolders();
    await this.#tidied;
    const { source, targets } = request;
    const repositories = [
      localRepository(source.host, source.path),
      ...targets.map(({ host, repository }) => localRepository(host, repository)),
    ];
    const release = await this.#locks.acquire(repositories, options.signal);
    try {
      const session = await DockerSession.open(this.#settings, repositories, options);
      let copied: Omit<DockerCopyReport, 'leftBehind'> | undefined;
      let leftBehind: readonly string[] = [];
      try {
        copied = await copyWith(session, request, options);
      } finally {
        leftBehind = await session.close();
      }
      return { ...copied, leftBehind };
    } finally {
      release();
    }
  }
}

async function copyWith(
  session: DockerSession,
  request: DockerCopyRequest,
  { signal, beforePull, beforePush }: DockerCopyOptions,
): Promise<Omit<DockerCopyReport, 'leftBehind'>> {
  const failures: DockerTargetFailure[] = [];
  const attempt = async <T>(target: DockerTarget, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      // A database error says nothing about the target.
      if (!(error instanceof FerryError) || error.code === 'database') throw error;
      failures.push({ target: target.name, reference: referenceOf(target), failure: error });
      return undefined;
    }
  };

  const open: DockerTarget[] = [];
  for (const target of request.targets) {
    await attempt(target, async () => {
      await session.logIn(targetRepo(target));
      open.push(target);
    });
  }
  if (open.length === 0) return { missingPlatforms: [], targets: [], failures };
  await session.logIn(sourceRepo(request));
  const { sourceDigest, images, missing } = await pullPlatforms(session, request, {
    beforePull,
    keep: async (image) => await createBackupTag(session, open, image),
  });
  const results: DockerTargetResult[] = [];
  for (const target of open) {
    const result = await attempt(target, async () => {
      await beforePush?.(target);
      if (sharesHost(target, request)) await session.logIn(targetRepo(target));
      return await pushImage(session, target, images);
    });
    if (result !== undefined) results.push(result);
  }
  return { sourceDigest, missingPlatforms: missing, targets: results, failures };
}

/** With a name, so that a clean-up of the daemon does not remove it as dangling. */
async function createBackupTag(
  session: DockerSession,
  [target]: readonly DockerTarget[],
  image: PulledImage,
): Promise<void> {
  if (target === undefined) return;
  const name = partName(target, image);
  session.names.will(name);
  await session.run(['tag', image.id, name], 'daemon');
}

function sourceRepo({ source }: DockerCopyRequest): DockerRepository {
  return { side: 'source', host: source.host, repository: source.path };
}

function targetRepo({ name, host, repository }: DockerTarget): DockerRepository {
  return { side: 'target', host, repository, target: name };
}

/** Docker keeps one account per host, and another user's may be the last one. */
function sharesHost({ host }: DockerTarget, { source, targets }: DockerCopyRequest): boolean {
  return [source, ...targets].filter((repo) => repo.host === host).length > 1;
}
