import { parseDigest } from '@image-ferry/registry/digest';
import type { PullQuota } from '@image-ferry/registry/pull-quota';
import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';
import { log } from '@temporalio/activity';

import type {
  CopyByDockerInput,
  CopyHeartbeat,
  CopyImageResult,
  Destination,
  DockerActivities,
} from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import type { TargetNameStore } from '../database/target-name-store.js';
import type {
  DockerCopyOptions,
  DockerCopyReport,
  DockerCopyRequest,
  DockerTarget,
  DockerTargetResult,
} from '../docker/docker-types.js';
import { FerryError } from '../domain/ferry-error.js';
import type { TargetOutcome } from '../domain/wanted-image.js';
import { openTarget, selectionOf } from '../planning/copy-wire.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

const stepsShown = 100;

/** The docker engine. A fault of the source or the daemon is thrown; a target's is part of what is returned. */
export interface DockerCopier {
  copy(request: DockerCopyRequest, options?: DockerCopyOptions): Promise<DockerCopyReport>;
}

export interface DockerPorts {
  readonly docker: DockerCopier;
  readonly names: Pick<TargetNameStore, 'claim'>;
  readonly pulls: Pick<PullQuota, 'acquire'>;
}

export function createDockerActivities({ docker, names, pulls }: DockerPorts): DockerActivities {
  return { copyByDocker: activity(copyByDocker) };

  async function copyByDocker(input: CopyByDockerInput): Promise<CopyImageResult> {
    const nothing: CopyHeartbeat = { bytesRead: 0, bytesSent: 0, finished: [] };
    return await withHeartbeat(nothing, async ({ signal, report }) => {
      let steps: readonly string[] = [];
      const options: DockerCopyOptions = {
        signal,
        onProgress({ step, name, layer, state }) {
          steps = [...steps, `${step} ${name} ${layer} ${state}`].slice(-stepsShown);
          report({ ...nothing, finished: steps });
        },
        beforePull: async () => await bookPull(pulls, input.image),
        beforePush: async (target) => await claimName(names, input.image, target),
      };
      try {
        const { sourceDigest, missingPlatforms, targets, failures, leftBehind } = await docker.copy(
          requestOf(input),
          options,
        );
        if (leftBehind.length > 0) log.warn('names stay in the Docker daemon', { image: input.image, leftBehind });
        return {
          done: targets.map((target) => dockerOutcome(target, sourceDigest)),
          open: failures.map((failure) => openTarget(failure, input.destinations)),
          missingPlatforms,
          bytesRead: 0,
          sourceDigest,
        };
      } catch (error) {
        const sourceFault = faultOrThrow(error, signal);
        const open = input.destinations.map((destination) => ({ destination }));
        return { done: [], open, bytesRead: 0, sourceFault };
      }
    });
  }
}

/** What the daemon asks of a source counts like what the ferry asks. @throws FerryError `rate-limited` (wait) */
async function bookPull(pulls: DockerPorts['pulls'], image: string): Promise<void> {
  const { host } = parseImageReference(image);
  const refusal = await pulls.acquire(host);
  if (refusal === undefined) return;
  const { reason, freeInMs } = refusal;
  throw new FerryError(reason, { code: 'rate-limited', decision: 'wait', retryAfterMs: freeInMs });
}

/**
 * The name belongs to the image from here on: its source is there, since the daemon has pulled it. A plan only foresees it.
 *
 * @throws FerryError `target-name` (retry) when another image took it meanwhile
 */
async function claimName(
  names: DockerPorts['names'],
  image: string,
  { name, host, repository }: DockerTarget,
): Promise<void> {
  const source = sourceRepository(parseImageReference(image));
  const targetRepository = `${host}/${repository}`;
  const owner = await names.claim({ targetRepository, sourceRepository: source, target: name });
  if (owner === source) return;
  throw new FerryError(
    `${targetRepository} became the name of ${owner} while ${source} was pulled; it gets another one at the next try`,
    { code: 'target-name', decision: 'retry' },
  );
}

function requestOf({ image, sourceDigest, platforms, destinations }: CopyByDockerInput): DockerCopyRequest {
  return {
    source: parseImageReference(image),
    platforms: selectionOf(platforms),
    targets: destinations.map(dockerTarget),
    sourceDigest: sourceDigest === undefined ? undefined : parseDigest(sourceDigest),
  };
}

function dockerTarget({ target, host, repository, tag }: Destination): DockerTarget {
  return { name: target, host, repository, tag };
}

/** Docker says which layers it sent, but not how many bytes. */
function dockerOutcome(result: DockerTargetResult, sourceDigest: string | undefined): TargetOutcome {
  const { target, reference, digest, mediaType, platforms, pushedLayers, mountedLayers, presentLayers } = result;
  const made = `docker created new manifests: its digest is ${digest}, where the source has ${sourceDigest ?? 'another'}; configurations and unpacked layers are the source's, and sizes are unpacked ones`;
  const notes = [...(result.note === undefined ? [] : [result.note]), ...(digest === sourceDigest ? [] : [made])];
  return {
    target,
    state: 'pushed',
    reference,
    digest,
    mediaType,
    platforms,
    dropped: [],
    uploadedBlobs: pushedLayers,
    mountedBlobs: mountedLayers,
    skippedBlobs: presentLayers,
    bytesSent: 0,
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}
