import { readFile } from 'node:fs/promises';

import { largestBlob, measureDownloads, measureUploads } from '@image-ferry/registry';
import type { DownloadSpeed, RegistryClient, RepositoryRef, UploadSpeed } from '@image-ferry/registry';
import { parseImageReference } from '@image-ferry/registry/reference';

import { CheckWarning } from '../../checks/check.js';
import type { Check } from '../../checks/check.js';
import { probe } from '../../checks/registry-checks.js';
import type { LargeCopy } from '../../database/pushed/largest-copies.js';
import { printBytes } from '../../domain/byte-count.js';
import { targetRepositoryCandidates } from '../../domain/target-name.js';
import type { Target } from '../../domain/target.js';

/** The longest that one measurement may take. */
export const speedTimeoutMs = 60_000;
/** From here on the way in which the kernel treats losses decides how fast a connection is. */
const longRoundTripMs = 50;
const congestionControlFile = '/proc/sys/net/ipv4/tcp_congestion_control';

/** The longest round trip that was measured, in milliseconds. */
export class ObservedRoundTrips {
  longestMs = 0;

  note({ roundTripMs }: { readonly roundTripMs: number }): void {
    this.longestMs = Math.max(this.longestMs, roundTripMs);
  }
}

/** Uploads to a target: random bytes in uploads that are cancelled. */
export function uploadSpeedCheck(target: Target, client: RegistryClient, trips: ObservedRoundTrips): Check {
  const { name, registry: host } = target;
  return {
    part: `upload ${name}`,
    async run(signal) {
      if (target.engine === 'docker') return `${host} is reached only through a Docker daemon; not measured here`;
      const repository = targetRepositoryCandidates(parseImageReference(probe), target).preferred;
      const speed = await measureUploads(client, { side: 'target', host, repository, name }, { signal });
      trips.note(speed);
      return describeUploads(speed);
    },
  };
}

/** Reads of a target, and of the source of the same image: a blob that exists, by ranges. */
export function downloadSpeedChecks(
  targets: readonly Target[],
  sources: readonly string[],
  copies: readonly LargeCopy[],
  client: RegistryClient,
  trips: ObservedRoundTrips,
): readonly Check[] {
  // The two checks of one copy read its manifest once.
  const found = new Map<LargeCopy, Promise<LargestBlob>>();
  const blobOf = (copy: LargeCopy, signal: AbortSignal): Promise<LargestBlob> => {
    const known = found.get(copy);
    if (known !== undefined) return known;
    const asked = largestOf(client, copy, signal);
    found.set(copy, asked);
    asked.catch(() => found.delete(copy));
    return asked;
  };
  const ofTargets = targets
    .filter(({ engine }) => engine !== 'docker')
    .map((target): Check => {
      const copy = copies.find(({ host }) => host === target.registry);
      const part = `download ${target.name}`;
      if (copy === undefined) return nothingToRead(part, target.registry);
      const { host, repository } = copy;
      return readCheck(part, { side: 'target', host, repository, name: target.name }, { copy, blobOf, client, trips });
    });
  const ofSources = sources.map((source): Check => {
    const part = `download ${source}`;
    const copy = copies.find(({ image }) => image !== undefined && parseImageReference(image).host === source);
    if (copy?.image === undefined) return nothingToRead(part, source);
    const { host, path: repository } = parseImageReference(copy.image);
    return readCheck(part, { side: 'source', host, repository }, { copy, blobOf, client, trips });
  });
  return [...ofTargets, ...ofSources];
}

function nothingToRead(part: string, host: string): Check {
  return {
    part,
    run: () => Promise.reject(new CheckWarning(`not measured: no image of ${host} has been copied yet`)),
  };
}

type LargestBlob = Awaited<ReturnType<typeof largestBlob>>;

/** Found in the manifest on the target: a read from the source might count as a pull. */
async function largestOf(
  client: RegistryClient,
  { host, repository, digest }: LargeCopy,
  signal: AbortSignal,
): Promise<LargestBlob> {
  return await largestBlob(client, { side: 'target', host, repository }, digest, signal);
}

function readCheck(
  part: string,
  repo: RepositoryRef,
  {
    copy,
    blobOf,
    client,
    trips,
  }: {
    readonly copy: LargeCopy;
    readonly blobOf: (copy: LargeCopy, signal: AbortSignal) => Promise<LargestBlob>;
    readonly client: RegistryClient;
    readonly trips: ObservedRoundTrips;
  },
): Check {
  return {
    part,
    async run(signal) {
      const blob = await blobOf(copy, signal);
      if (blob === undefined) {
        throw new CheckWarning(`not measured: ${copy.host}/${copy.repository} no longer has ${copy.digest}`);
      }
      const speed = await measureDownloads(client, repo, blob, { signal });
      trips.note(speed);
      return `${describeDownloads(speed)} (a blob of ${printBytes(blob.size)})`;
    },
  };
}

/** How the kernel reacts to losses: on long lines the usual algorithm leaves most of the line unused. */
export function congestionCheck(trips: ObservedRoundTrips): Check {
  return {
    part: 'kernel',
    async run() {
      const name = await readFile(congestionControlFile, 'utf8').then(
        (text) => text.trim(),
        () => undefined,
      );
      if (name === undefined) return 'its TCP congestion control is not known on this system';
      const found = `TCP congestion control ${name}`;
      const longest = `${Math.round(trips.longestMs)} ms`;
      if (trips.longestMs < longRoundTripMs) return `${found}; the longest round trip is ${longest}`;
      if (name.startsWith('bbr')) return `${found}, which suits round trips of ${longest}`;
      throw new CheckWarning(
        `${found}: with round trips of ${longest} and losses, bbr usually sends several times as fast: "sysctl net.ipv4.tcp_congestion_control=bbr" (and net.core.default_qdisc=fq)`,
      );
    },
  };
}

function describeUploads({
  roundTripMs,
  rate,
  rateOfSeveral,
  connections,
  afterBreak,
  keptBytes,
}: UploadSpeed): string {
  const breaks = {
    continues: `uploads continue after a break (${printBytes(keptBytes)} were kept)`,
    forgets: 'a broken request is lost: large layers go in chunks after a break',
    untold: 'the registry does not say what it has of a broken upload',
  };
  return `${describeRates({ roundTripMs, rate, rateOfSeveral, connections })}; ${breaks[afterBreak]}`;
}

function describeDownloads({ ranges, ...rates }: DownloadSpeed): string {
  return `${describeRates(rates)}; ${ranges ? 'parts of a blob can be read' : 'a blob can only be read from its start'}`;
}

function describeRates({
  roundTripMs,
  rate,
  rateOfSeveral,
  connections,
}: Pick<DownloadSpeed, 'roundTripMs' | 'rate' | 'rateOfSeveral' | 'connections'>): string {
  const trip = roundTripMs < 10 ? roundTripMs.toFixed(1) : Math.round(roundTripMs);
  return `round trip ${trip} ms, ${printBytes(rate)}/s on one connection, ${printBytes(rateOfSeveral)}/s on ${connections}`;
}
