import { isLoopbackName } from '@image-ferry/registry';

import type { FerryConfig } from '../../config/read-config.js';
import { endpointHost, endpointNote, endpoints, hostsOf } from '../../consumers/endpoints.js';
import type { Endpoint } from '../../consumers/endpoints.js';
import { MirrorIndex } from '../../consumers/mirror-index.js';
import type { EngineOptions } from '../../consumers/registry-files.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import type { MirroredImage } from '../../domain/mirrored-image.js';
import { nearestName } from '../../domain/nearest-name.js';
import type { Target } from '../../domain/target.js';

export interface TargetChoice {
  readonly target?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly digest?: boolean | undefined;
}

/** The target that names are wanted for. @throws InvalidInput if it must be named, or is unknown */
export function chosenTarget(targets: readonly Target[], name: string | undefined): Target {
  const names = targets.map((target) => target.name);
  const [only] = targets;
  if (name === undefined) {
    if (only !== undefined && targets.length === 1) return only;
    throw new InvalidInput(
      `several targets are configured: add --target with one of ${names.join(', ')}`,
      'configuration',
    );
  }
  const target = targets.find((one) => one.name === name);
  if (target !== undefined) return target;
  const nearest = nearestName(name, names);
  const advice = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  throw new InvalidInput(`--target ${name}: unknown target${advice}; configured: ${names.join(', ')}`, 'configuration');
}

/** @throws InvalidInput if the target's registry has no such endpoint */
export function mirrorIndex(
  images: readonly MirroredImage[],
  target: Target,
  { endpoint, digest }: TargetChoice,
): MirrorIndex {
  const inside = readEndpoint(endpoint);
  return new MirrorIndex(images, {
    target: target.name,
    hostOf: (registry) => endpointHost(registry, inside),
    hosts: hostsOf(target.registry),
    pinned: digest === true,
  });
}

/** What a person should know about the target's names inside its network. */
export function targetNote({ registry }: Target, { endpoint }: TargetChoice): string | undefined {
  return endpointNote(registry, readEndpoint(endpoint));
}

/** How container engines reach the target. */
export function engineOptions(
  target: Target,
  { hosts }: Pick<FerryConfig, 'hosts'>,
  { endpoint }: TargetChoice,
): EngineOptions {
  const scheme = hosts.get(target.registry)?.scheme;
  const isPlain = scheme === undefined ? isLoopbackName(target.registry.replace(/:\d+$/, '')) : scheme === 'http';
  return { target, host: endpointHost(target.registry, readEndpoint(endpoint)), isPlain };
}

function readEndpoint(text: string | undefined): Endpoint {
  if (text === undefined) return 'public';
  const endpoint = endpoints.find((one) => one === text);
  if (endpoint !== undefined) return endpoint;
  throw new InvalidInput(`--endpoint ${text}: expected one of ${endpoints.join(', ')}`, 'configuration');
}
