import { setTimeout as sleep } from 'node:timers/promises';

import { pushImage } from '../../demo/image-exchange.js';
import type { MadeManifest } from '../../demo/make-images.js';
import type { PlannedImage } from '../plan/plan-images.js';
import type { PlannedMove, PlannedPublication, PlannedRequest, PlannedStep } from '../plan/plan-requests.js';
import type { ChaosStage } from '../stage/stage.js';
import type { Timeline } from '../timeline.js';
import { retryBlocked } from './retry-blocked.js';
import { tryRequest } from './try-request.js';

/** What was requested, and what came of it. */
export interface SentRequests {
  readonly accepted: readonly PlannedRequest[];
  /** It was not accepted until the end: none of its images is expected. */
  readonly unaccepted: readonly PlannedRequest[];
  /** Refusals, although every request is valid. */
  readonly refusals: readonly string[];
  /** The version that each mutable tag points to in the end. */
  readonly versions: ReadonlyMap<PlannedImage, number>;
  /** Images that were published after they were requested, and how many of them a person has retried. */
  readonly published: number;
  readonly retried: number;
  readonly tries: number;
}

export interface SendOptions {
  readonly stage: ChaosStage;
  readonly made: ReadonlyMap<PlannedImage, readonly MadeManifest[]>;
  readonly timeline: Timeline;
  /** Ends what is still being tried. */
  readonly signal: AbortSignal;
}

const pauseMs = 1500;

/** Requests images and moves tags, each at its time; what fails is tried again, as its caller would. */
export async function sendRequests(
  steps: readonly PlannedStep[],
  { stage, made, timeline, signal }: SendOptions,
): Promise<SentRequests> {
  const accepted: PlannedRequest[] = [];
  const unaccepted: PlannedRequest[] = [];
  const refusals: string[] = [];
  const versions = new Map<PlannedImage, number>();
  let tries = 0;
  let [published, retried] = [0, 0];
  const startedAt = performance.now();

  const send = async (request: PlannedRequest, position: number): Promise<void> => {
    const references = request.images.map((image) => referenceOf(stage, image));
    const id = `chaos-${position}`;
    for (let attempt = 1; !signal.aborted; attempt++) {
      tries += 1;
      const outcome = await tryRequest({ stage, request, references, id, signal });
      const what = `${request.way} ${request.images.map(nameOf).join(' ')} ${request.platforms}`;
      if (outcome.kind === 'accepted') {
        accepted.push(request);
        timeline.say(`accepted: ${what}${attempt > 1 ? ` (try ${attempt})` : ''}`);
        return;
      }
      timeline.say(`${outcome.kind}: ${what}: ${outcome.reason}`);
      if (outcome.kind === 'refused') {
        refusals.push(`${what}: ${outcome.reason}`);
        return;
      }
      await sleep(pauseMs);
    }
    unaccepted.push(request);
  };
  /** Two moves of a tag stay in their order. */
  const moving = new Map<PlannedImage, Promise<void>>();
  const move = async ({ image, version }: PlannedMove): Promise<void> => {
    const manifest = made.get(image)?.[version];
    if (manifest === undefined) throw new RangeError(`${nameOf(image)} has no version ${version}`);
    await push(image, manifest);
    versions.set(image, version);
    timeline.say(`tag moved: ${nameOf(image)} to version ${version}`);
  };

  const push = async (image: PlannedImage, manifest: MadeManifest): Promise<void> => {
    const { source, repository, tag } = image;
    for (;;) {
      try {
        await pushImage(stage.registries[source], { image: manifest, repository, tag });
        return;
      } catch (error) {
        // A source that runs and still does not take its image is a fault of the stage, not one to wait for without end.
        if (signal.aborted) throw new Error(`${nameOf(image)} could not be pushed to its source`, { cause: error });
        await sleep(200);
      }
    }
  };
  const publish = async ({ image }: PlannedPublication): Promise<void> => {
    for (const manifest of (made.get(image) ?? []).toReversed()) await push(image, manifest);
    published += 1;
    timeline.say(`published: ${nameOf(image)}`);
    const isRetried = await retryBlocked({ stage, reference: referenceOf(stage, image), signal });
    if (!isRetried) return;
    retried += 1;
    timeline.say(`retried, as it was blocked: ${nameOf(image)}`);
  };

  const running: Promise<void>[] = [];
  for (const [position, step] of steps.entries()) {
    const waitMs = step.at - (performance.now() - startedAt);
    if (waitMs > 0) await sleep(waitMs);
    if (step.kind === 'request') running.push(send(step, position));
    else if (step.kind === 'publish') running.push(publish(step));
    else {
      const next = (moving.get(step.image) ?? Promise.resolve()).then(async () => await move(step));
      moving.set(step.image, next);
      running.push(next);
    }
  }
  await Promise.all(running);
  return { accepted, unaccepted, refusals, versions, published, retried, tries };
}

/** By which the ferry knows the image. */
export function referenceOf(stage: ChaosStage, image: PlannedImage): string {
  return `${stage.lines[image.source].host}/${image.repository}:${image.tag}`;
}

export function nameOf({ source, repository, tag }: PlannedImage): string {
  return `${source}/${repository}:${tag}`;
}
