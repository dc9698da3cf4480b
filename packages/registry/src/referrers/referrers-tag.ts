import type { Content } from '../manifests/content-cache.js';
import { digestOf } from '../manifests/content-digest.js';
import { getManifest, putManifest } from '../manifests/manifest-exchange.js';
import type { RequiredManifest } from '../manifests/required-manifests.js';
import { parseBoundedJson } from '../oci/bounded-json.js';
import type { Digest } from '../oci/digest.js';
import type { JsonObject } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { backoff, rest } from '../transport/retrying.js';
import { digestsOf, readIndex, referrersTag } from './list-referrers.js';

const indexType = 'application/vnd.oci.image.index.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';
const maxAttempts = 4;

/**
 * Lists manifests under the fallback tag for the Referrers API (distribution-spec, "Referrers Tag Schema"). What the
 * tag lists already stays. Others may write to it at the same time, and registries have no lock: the tag is read again
 * afterwards, and lost entries are added again.
 *
 * @throws RegistryFault `target-corrupt` when the tag is not a list of referrers, or others keep overwriting it
 */
export async function addToReferrersTag(
  client: RegistryClient,
  repo: RepositoryRef,
  { subject, referrers }: { readonly subject: Digest; readonly referrers: readonly RequiredManifest[] },
  signal: AbortSignal,
): Promise<void> {
  const tag = referrersTag(subject);
  const release = await client.tagLocks.acquire([`${repo.host}/${repo.repository}:${tag}`], signal);
  try {
    for (let attempt = 1; ; attempt++) {
      const index = await readTag(client, repo, tag, signal);
      const listed = new Set(digestsOf(index ?? {}));
      const unlisted = referrers.filter(({ content }) => !listed.has(content.digest));
      if (unlisted.length === 0) return;
      if (attempt > maxAttempts) throw lost(repo, tag);
      if (attempt > 1) await rest(backoff(attempt - 1, client.host(repo.host).timing), signal);
      await putManifest(client, repo, tag, extended(index, unlisted), signal);
    }
  } finally {
    release();
  }
}

async function readTag(
  client: RegistryClient,
  repo: RepositoryRef,
  tag: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const content = await getManifest(client, repo, tag, { signal });
  if (content === undefined) return undefined;
  const index = readIndex(content.body) ?? readEmptyIndex(content.body);
  if (index !== undefined) return index;
  const message = `its tag "${tag}" should list referrers, but is no index: delete it, or copy without referrers`;
  throw new RegistryFault(message, { repo, code: 'target-corrupt', decision: 'block' });
}

/** Go's tools write a list without entries as `null`. */
function readEmptyIndex(body: Buffer): JsonObject | undefined {
  try {
    const json = parseBoundedJson(body.toString('utf8'));
    const isEmpty = typeof json === 'object' && json !== null && 'manifests' in json && json.manifests === null;
    return isEmpty ? json : undefined;
  } catch {
    return undefined;
  }
}

function extended(index: JsonObject | undefined, referrers: readonly RequiredManifest[]): Content {
  const before = (index?.['manifests'] ?? []) as readonly unknown[];
  const json = {
    schemaVersion: 2,
    mediaType: indexType,
    ...index,
    manifests: [...before, ...referrers.map(({ content }) => describeReferrer(content))],
  };
  const body = Buffer.from(JSON.stringify(json), 'utf8');
  return { digest: digestOf(body, 'sha256'), mediaType: indexType, body };
}

/** The fields of a referrer's descriptor, from its own bytes (distribution-spec, "Listing Referrers"). */
function describeReferrer({ digest, mediaType, body }: Content): JsonObject {
  const { artifactType, config, annotations } = JSON.parse(body.toString('utf8')) as {
    readonly artifactType?: unknown;
    readonly config?: { readonly mediaType?: unknown } | null | undefined;
    readonly annotations?: unknown;
  };
  const configType = config?.mediaType === emptyType ? undefined : config?.mediaType;
  const type = typeof artifactType === 'string' && artifactType !== '' ? artifactType : configType;
  return {
    mediaType,
    digest,
    size: body.length,
    ...(typeof type === 'string' ? { artifactType: type } : {}),
    ...(typeof annotations === 'object' && annotations !== null ? { annotations } : {}),
  };
}

function lost(repo: RepositoryRef, tag: string): RegistryFault {
  const message = `its tag "${tag}" loses what is added to it; does another program write to it?`;
  return new RegistryFault(message, { repo, code: 'target-corrupt', decision: 'retry' });
}
