import type { Digest } from '@image-ferry/registry/digest';
import { mayBeFor, oddityOf, platformIn, printPlatform } from '@image-ferry/registry/platform';
import type { Platform } from '@image-ferry/registry/platform';
import { printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { DockerFault } from './docker-fault.js';
import { pulledDigest } from './docker-output.js';
import type { DockerSession } from './docker-session.js';
import type { DockerCopyRequest } from './docker-types.js';
import { inspectImage } from './inspect-image.js';
import { localRepository } from './local-repository.js';
import { offeredPlatforms } from './manifest-list.js';

/** One platform's image in the daemon. */
export interface PulledImage {
  readonly platform: string;
  /** The requested platform; absent if the source offers only one and does not name it. */
  readonly wanted?: Platform | undefined;
  /** The daemon's ID: the digest of the image's configuration, which lists the digests of its unpacked layers. */
  readonly id: string;
  readonly size: number;
  /** Note for the user that its configuration does not name the platform completely. */
  readonly note?: string | undefined;
}

export interface PulledPlatforms {
  readonly sourceDigest: Digest;
  readonly images: readonly PulledImage[];
  readonly missing: readonly string[];
}

export interface PullSteps {
  /** Called before each request that the source may count. */
  readonly beforePull?: (() => Promise<void>) | undefined;
  /** Gives a pulled image a name of its own before the next pull moves its tag. */
  readonly keep: (image: PulledImage) => Promise<void>;
}

/**
 * Pulls each wanted platform. Without a digest in the reference it pulls by tag, since the daemon binds an index's
 * digest to one platform's image; every pull must find the same digest.
 *
 * @throws DockerFault of the source
 */
export async function pullPlatforms(
  session: DockerSession,
  request: DockerCopyRequest,
  { beforePull = async () => {}, keep }: PullSteps,
): Promise<PulledPlatforms> {
  const { source } = request;
  const images = new Map<string, PulledImage>();
  const missing: string[] = [];
  let sourceDigest = source.digest ?? request.sourceDigest;
  for (const wanted of await platformsToPull(session, request, beforePull)) {
    await beforePull();
    const pulled = await pullOne(session, source, wanted).catch((error: unknown) => {
      throw wanted !== undefined && isListed(request, images.size) ? missingPart(error, source, wanted) : error;
    });
    if (pulled === undefined) {
      if (wanted !== undefined) missing.push(printPlatform(wanted));
      continue;
    }
    if (sourceDigest !== undefined && sourceDigest !== pulled.digest) throw moved(source, sourceDigest, pulled.digest);
    sourceDigest = pulled.digest;
    // A single image without a platform matches every wanted one.
    if (![...images.values()].some(({ id }) => id === pulled.image.id)) {
      images.set(pulled.image.platform, pulled.image);
      await keep(pulled.image);
    }
    const byDigest = `${localRepository(source.host, source.path)}@${pulled.digest}`;
    session.names.will(byDigest);
    if (source.digest !== undefined) await session.names.letGo(byDigest);
  }
  if (sourceDigest === undefined || images.size === 0) throw noPlatform(source, missing);
  return { sourceDigest, images: withoutGuess([...images.values()]), missing };
}

/** A platform of an image that names none is known only if an index distinguishes it from others. */
function withoutGuess(images: readonly PulledImage[]): readonly PulledImage[] {
  const [only] = images;
  if (images.length > 1 || only?.note === undefined) return images;
  const { id, size, note } = only;
  return [{ platform: '', id, size, note }];
}

/** The daemon has found the source, or an index there with the platform, before. */
function isListed({ platforms }: DockerCopyRequest, found: number): boolean {
  return platforms === 'all' || found > 0;
}

async function platformsToPull(
  session: DockerSession,
  { source, platforms }: DockerCopyRequest,
  beforePull: () => Promise<void>,
): Promise<readonly (Platform | undefined)[]> {
  if (platforms !== 'all') return platforms;
  await beforePull();
  const offered = await offeredPlatforms(session, source);
  return offered.length === 0 ? [undefined] : offered;
}

async function pullOne(
  session: DockerSession,
  source: ImageReference,
  wanted: Platform | undefined,
): Promise<{ readonly digest: Digest; readonly image: PulledImage } | undefined> {
  const repository = localRepository(source.host, source.path);
  const name =
    source.digest === undefined ? `${repository}:${source.tag ?? 'latest'}` : `${repository}@${source.digest}`;
  session.names.will(name);
  let lines: readonly string[];
  try {
    lines = await session.transfer('pull', [...platformFlag(wanted), name], 'source');
  } catch (error) {
    if (error instanceof DockerFault && error.code === 'platform-missing') return undefined;
    throw error;
  }
  const digest = pulledDigest(lines);
  if (digest === undefined) throw unreadable(`docker pull ${name} printed no digest`);
  const { id, size, platform } = await inspectImage(session, name);
  const offered = platformIn(platform);
  const isOpen = wanted !== undefined && offered.platform === undefined && mayBeFor(wanted, offered);
  if (wanted !== undefined && !isOpen && !isOf(wanted, offered.platform)) return undefined;
  const known = wanted ?? offered.platform;
  const image = { platform: known === undefined ? '' : printPlatform(known), id, size };
  return {
    digest,
    image: {
      ...image,
      wanted: known,
      ...(isOpen ? { note: `${oddityOf(wanted, offered)}: it is copied unchanged` } : {}),
    },
  };
}

/** For a single manifest docker pulls whatever exists. A configuration may omit its variant; an index does not. */
function isOf(wanted: Platform, offered: Platform | undefined): boolean {
  return wanted.os === offered?.os && wanted.architecture === offered.architecture;
}

/** `--platform`, in the form that every version of the command accepts. */
export function platformFlag(platform: Platform | undefined): readonly string[] {
  if (platform === undefined) return [];
  const { os, architecture, variant } = platform;
  return [`--platform=${os}/${architecture}${variant === undefined ? '' : `/${variant}`}`];
}

/** A manifest of the source's index is missing: this is not a tag that may still be published. */
function missingPart(error: unknown, source: ImageReference, wanted: Platform): unknown {
  if (!(error instanceof DockerFault) || error.code !== 'tag-missing') return error;
  const message = `${printImageReference(source)} lists ${printPlatform(wanted)}, but its manifest is missing: the image is broken at its source; request its other platforms by name to copy them (${error.message})`;
  return new DockerFault(message, { side: 'source', code: 'source-corrupt', decision: 'block' });
}

function moved(source: ImageReference, expected: Digest, found: Digest): DockerFault {
  const message = `docker pull ${printImageReference(source)}: it points to ${found}, expected ${expected}: the tag has moved, or a mirror of the daemon is stale`;
  return new DockerFault(message, { side: 'source', code: 'server-error', decision: 'retry' });
}

function noPlatform(source: ImageReference, missing: readonly string[]): DockerFault {
  const message = `${printImageReference(source)} is not available for ${missing.join(', ')}: request platforms that it has`;
  return new DockerFault(message, { side: 'source', code: 'platform-missing', decision: 'block' });
}

function unreadable(message: string): DockerFault {
  return new DockerFault(message, { side: 'daemon', code: 'protocol', decision: 'block' });
}
