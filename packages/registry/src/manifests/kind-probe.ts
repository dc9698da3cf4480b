import { dropOldest } from '../concurrency/drop-oldest.js';
import { RegistryError } from '../errors.js';
import type { Digest } from '../oci/digest.js';
import { isArtifactManifest } from '../oci/source-manifest.js';
import type { JsonObject } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault, namesUnknownBlob, saysCode } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { isHabit } from '../transport/quirks.js';
import type { Content } from './content-cache.js';
import { digestOf } from './content-digest.js';
import { foreignRefused, wantsForeignLayer } from './foreign-refusal.js';
import { deleteManifest, putManifest } from './manifest-exchange.js';
import type { RequiredManifest } from './required-manifests.js';

/** A digest that no registry has: a registry that checks never stores a manifest that needs it. */
const absentBlob = Buffer.from('No registry has these bytes: image-ferry asks with them which manifests are taken.');
const ociType = 'application/vnd.oci.image.manifest.v1+json';
const dockerConfigType = 'application/vnd.docker.container.image.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';
/** Sources invent kinds of manifests; beyond this number the oldest is probed again. */
const maxKinds = 1_000;

/**
 * Some registries accept only images, or no layers that live elsewhere, and say so only when the manifest comes, after
 * all its layers. assertKindsTaken probes each kind once, before the upload, with a manifest of the same kind that
 * belongs to no image. The image's own manifest cannot be the probe: a registry that checks nothing would accept it
 * before its blobs, and it would then vouch for blobs that may never come. Ordinary images cost no request. If the
 * answer is not a clear refusal, the push decides.
 *
 * @throws RegistryFault `manifest-refused`
 */
export async function assertKindsTaken(
  client: RegistryClient,
  repo: RepositoryRef,
  manifests: readonly RequiredManifest[],
  signal: AbortSignal,
): Promise<void> {
  const { takenKinds } = client.host(repo.host);
  const sent = new Set(manifests.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
  // If only a config is sent, the manifests come early enough without a probe.
  if (sent.size < 2) return;
  for (const manifest of manifests) {
    const question = questionOf(manifest);
    if (question === undefined || takenKinds.has(question.digest)) continue;
    if (await isTaken(client, repo, manifest, question, signal)) remember(takenKinds, question.digest);
  }
}

function remember(kinds: Set<Digest>, kind: Digest): void {
  kinds.add(kind);
  dropOldest(kinds, maxKinds);
}

/** @returns false if the registry gave no clear answer: another image may probe it again */
async function isTaken(
  client: RegistryClient,
  repo: RepositoryRef,
  manifest: RequiredManifest,
  question: Content,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await putManifest(client, repo, question.digest, question, signal, `like ${manifest.content.digest}`);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RegistryError)) throw error;
    if (namesUnknownBlob(error) && wantsForeignLayer(error, manifest)) throw foreignRefused(error, repo);
    if (namesUnknownBlob(error)) return true;
    // "Invalid" may mean the missing blobs, which is no refusal of the kind.
    if (error.code === 'manifest-refused' && (refusesKind(error) || !saysCode(error, 'MANIFEST_INVALID'))) {
      throw error;
    }
    return error.decision === 'block';
  }
  await deleteManifest(client, repo, question.digest, signal);
  return true;
}

function refusesKind(error: RegistryError): boolean {
  const status = error instanceof RegistryFault ? (error.status ?? 0) : 0;
  const answer = { side: 'target', method: 'PUT', resource: 'manifest', status, said: error.message } as const;
  return isHabit('refused-kind', answer);
}

/** A manifest like this one that needs a missing blob; undefined if no probe is needed. */
function questionOf({ content: { mediaType, body }, foreign }: RequiredManifest): Content | undefined {
  const json = JSON.parse(body.toString('utf8')) as JsonObject;
  const { artifactType, config } = json;
  const isUnusual = foreign.length > 0 || isArtifactManifest(json) || isMixed(mediaType, config);
  if (!isUnusual) return undefined;
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(isDescriptor(config) ? { config: config.mediaType === emptyType ? config : absentAs(config.mediaType) } : {}),
    ...(Array.isArray(json['layers']) ? { layers: standIns(json['layers'], foreign) } : {}),
    ...(Array.isArray(json['blobs']) ? { blobs: standIns(json['blobs'], foreign) } : {}),
  });
  const bytes = Buffer.from(text, 'utf8');
  return { digest: digestOf(bytes, 'sha256'), mediaType, body: bytes };
}

/** Docker's config in an OCI manifest: registries that accept only images want each with the config of its own type. */
function isMixed(mediaType: string, config: unknown): boolean {
  return mediaType === ociType && isDescriptor(config) && config.mediaType === dockerConfigType;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest?: unknown;
}

/** One layer for each media type; foreign layers stay unchanged, because registries check their addresses. */
function standIns(entries: readonly unknown[], foreign: readonly string[]): readonly Descriptor[] {
  const descriptors = entries.filter(isDescriptor);
  const isRunningElsewhere = ({ digest }: Descriptor): boolean => foreign.some((each) => each === digest);
  const own = descriptors.filter((each) => !isRunningElsewhere(each)).map(({ mediaType }) => mediaType);
  return [...descriptors.filter(isRunningElsewhere), ...[...new Set(own)].map(absentAs)];
}

function absentAs(mediaType: string): Descriptor & { readonly size: number } {
  return { mediaType, digest: digestOf(absentBlob, 'sha256'), size: absentBlob.length };
}

function isDescriptor(value: unknown): value is Descriptor {
  return typeof value === 'object' && value !== null && 'mediaType' in value && typeof value.mediaType === 'string';
}
