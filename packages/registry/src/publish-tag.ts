import type { CopyProgress } from './copy-types.js';
import type { RegistryError } from './errors.js';
import { foreignRefused, wantsForeignLayer } from './manifests/foreign-refusal.js';
import { getManifest, lookForManifest, putManifest } from './manifests/manifest-exchange.js';
import type { RequiredManifest } from './manifests/required-manifests.js';
import type { Digest } from './oci/digest.js';
import { addToReferrersTag } from './referrers/referrers-tag.js';
import type { RequiredReferrers } from './referrers/required-referrers.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault, namesUnknownBlob } from './registry-errors.js';
import type { RepositoryRef } from './repository-ref.js';
import { statusesOf } from './transport/quirks.js';
import { backoff, rest } from './transport/retrying.js';

const maxAttempts = 4;

/** The limit for manifests; an index may list hundreds. */
const putsAtOnce = 8;

/** A target that has all blobs of an image, and lacks some of its manifests. */
export interface Publication {
  readonly client: RegistryClient;
  readonly repo: RepositoryRef;
  /** The user's name for the target. */
  readonly target: string;
  readonly tag: string;
  /** The tag points to the last manifest already: registries with immutable tags refuse to set it again. */
  readonly tagIsSet: boolean;
  /** The image's own, children before the index that lists them; the tag will point to the last one. */
  readonly manifests: readonly RequiredManifest[];
  /** Digests of all manifests that the target lacks. */
  readonly missing: ReadonlySet<Digest>;
  readonly referrers: RequiredReferrers;
  readonly signal: AbortSignal;
  readonly report: (progress: CopyProgress) => void;
  /** Sends the blobs of a manifest again. */
  reuploadBlobs(manifest: RequiredManifest): Promise<void>;
}

/**
 * Puts the manifests: children before their index, a subject before what refers to it, the tag last. Then it reads the
 * tag back. A crash before the tag leaves only manifests that no tag shows.
 *
 * @returns undefined if the tag was read back; otherwise why the target does not allow that, so that only its answer to
 *   the PUT says that it has the manifest
 * @throws RegistryFault
 */
export async function publishTag(publication: Publication): Promise<string | undefined> {
  const { manifests, missing, referrers, tag, tagIsSet } = publication;
  const root = manifests.at(-1);
  if (root === undefined) throw new TypeError('a tag always points to a manifest');
  const below = (referrers.count > 0 ? manifests : manifests.slice(0, -1)).filter(({ content }) =>
    missing.has(content.digest),
  );
  for (const level of byHeight(below)) await putAll(publication, level);
  await publishReferrers(publication);
  const { isConfirmed } = await put(publication, root, tagIsSet ? root.content.digest : tag);
  const proof = proveHeads(publication, tag);
  try {
    await readBack(publication, root, tag);
    await proof;
    return undefined;
  } catch (error) {
    publication.signal.throwIfAborted();
    if (tagIsSet || !isUnreadable(error)) throw error;
    if (isConfirmed) return error.reason;
    const reason = `the tag "${tag}" was put, and whether it is right cannot be seen: ${error.reason}`;
    const { status, repo } = { status: error.status, repo: publication.repo };
    throw new RegistryFault(reason, {
      repo,
      code: 'denied',
      decision: 'block',
      cause: error,
      status,
    });
  }
}

/** Doubts before a host is asked to prove that it answers HEAD: a copy of one image has fewer. */
const doubtsUntilProof = 4;

/**
 * A host that has only said "not found" to HEAD may not answer HEAD at all, so that each answer is confirmed by GET. One
 * HEAD of a tag that is there saves the others.
 */
async function proveHeads({ client, repo, signal }: Publication, tag: string): Promise<void> {
  const { answersHeads, doubtedHeads } = client.host(repo.host);
  if (answersHeads !== undefined || doubtedHeads < doubtsUntilProof) return;
  // Nothing depends on it: what is wrong is found by the read of the tag.
  await lookForManifest(client, repo, tag, { signal }).catch(() => {});
}

/** A policy (Harbor's 412), or an account that may push and not pull. */
function isUnreadable(error: unknown): error is RegistryFault {
  if (!(error instanceof RegistryFault) || error.resource !== 'manifest') return false;
  return [401, 403, ...statusesOf('policy')].includes(error.status ?? 0);
}

async function publishReferrers(publication: Publication): Promise<void> {
  const { client, repo, manifests, missing, referrers, signal } = publication;
  const own = digestsOf(manifests);
  const unlisted = digestsOf([...referrers.unlisted.values()].flat());
  const listed = new Set<Digest>();
  for (const manifest of referrers.manifests) {
    const { digest } = manifest.content;
    // A manifest that is there but not listed is put again: a registry with the Referrers API lists it then.
    if (!unlisted.has(digest) && (own.has(digest) || !missing.has(digest))) continue;
    const { isListed } = await putByDigest(publication, manifest);
    if (isListed) listed.add(digest);
  }
  for (const [subject, all] of referrers.unlisted) {
    const left = all.filter(({ content }) => !listed.has(content.digest));
    if (left.length > 0) await addToReferrersTag(client, repo, { subject, referrers: left }, signal);
  }
  for (const { tag, manifest } of referrers.tags) await put(publication, manifest, tag);
}

/** Children come before the index that lists them. */
function byHeight(manifests: readonly RequiredManifest[]): readonly (readonly RequiredManifest[])[] {
  const levels = new Map<number, RequiredManifest[]>();
  for (const manifest of manifests) levels.set(manifest.height, [...(levels.get(manifest.height) ?? []), manifest]);
  return [...levels].toSorted(([a], [b]) => a - b).map(([, level]) => level);
}

/** Puts manifests that do not need each other, several at a time. */
async function putAll(publication: Publication, manifests: readonly RequiredManifest[]): Promise<void> {
  const queue = [...manifests].reverse();
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      try {
        await putByDigest(publication, next);
      } catch (error) {
        // Without this one the tag is not set: the others would be put for nothing.
        queue.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: putsAtOnce }, worker));
}

function digestsOf(manifests: readonly RequiredManifest[]): ReadonlySet<Digest> {
  return new Set(manifests.map(({ content }) => content.digest));
}

async function putByDigest(publication: Publication, manifest: RequiredManifest): ReturnType<typeof putManifest> {
  const { digest } = manifest.content;
  const stored = await put(publication, manifest, digest);
  await assertStored(publication, digest, stored.isConfirmed);
  return stored;
}

/**
 * An index that lists missing manifests cannot be pulled, and not every registry checks that. The first manifest that a
 * host accepts by its digest is checked by HEAD, and each later one whose answer does not name the digest.
 */
async function assertStored(publication: Publication, digest: Digest, isConfirmed: boolean): Promise<void> {
  const { client, repo } = publication;
  const host = client.host(repo.host);
  // Many manifests are put at the same time: one look is enough for all of them.
  if (isConfirmed && !host.manifestsProven) await host.manifestProof;
  if (isConfirmed && host.manifestsProven) return;
  const look = assertVisible(publication, digest);
  if (isConfirmed) {
    host.manifestProof = look.then(
      () => {},
      () => {},
    );
  }
  await look;
}

async function assertVisible({ client, repo, signal }: Publication, digest: Digest): Promise<void> {
  const host = client.host(repo.host);
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    if (attempt > 1) await rest(backoff(attempt - 1, host.timing), signal);
    const look = await lookForManifest(client, repo, digest, { deniedIsAbsent: true, signal });
    host.manifestsProven ||= look.kind === 'there';
    if (look.kind !== 'absent') return;
  }
  const message = `it took the manifest ${digest}, but does not have it afterwards`;
  throw new RegistryFault(message, { repo, code: 'target-corrupt', decision: 'retry' });
}

/** A registry may not see at once what was just put there, or may have promised a mount that it did not make. */
async function put(
  publication: Publication,
  manifest: RequiredManifest,
  reference: string,
): ReturnType<typeof putManifest> {
  const { client, repo, target, report, signal } = publication;
  for (let attempt = 1; ; attempt++) {
    try {
      const stored = await putManifest(client, repo, reference, manifest.content, signal);
      report({ type: 'manifest', digest: manifest.content.digest, target });
      return stored;
    } catch (error) {
      signal.throwIfAborted();
      if (!namesUnknownBlob(error)) throw error;
      if (wantsForeignLayer(error, manifest)) throw foreignRefused(error, repo);
      if (attempt === maxAttempts) throw neverSeen(error);
      await rest(backoff(attempt, client.host(repo.host).timing), signal);
      await publication.reuploadBlobs(manifest);
    }
  }
}

/** The tag is right if reading it returns exactly these bytes; a registry may need a moment to show it. */
async function readBack(
  { client, repo, signal }: Publication,
  { content }: RequiredManifest,
  tag: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await getManifest(client, repo, tag, { signal });
    if (found?.body.equals(content.body) === true) return;
    if (attempt === maxAttempts) {
      const what = found === undefined ? 'nothing is there' : `${found.digest} is there`;
      const message = `the tag "${tag}" was set to ${content.digest}, but ${what}; does another program write to it?`;
      throw new RegistryFault(message, { repo, code: 'target-corrupt', decision: 'retry' });
    }
    await rest(backoff(attempt, client.host(repo.host).timing), signal);
  }
}

function neverSeen(error: unknown): unknown {
  return error instanceof RegistryFault ? restated(error, 'manifest-refused', 'retry') : error;
}

function restated(
  error: RegistryFault,
  code: RegistryError['code'],
  decision: RegistryError['decision'],
): RegistryFault {
  const repo = { side: error.side, host: error.host, repository: error.repository };
  return new RegistryFault(error.reason, { repo, code, decision, diagnostics: error.diagnostics, cause: error });
}
