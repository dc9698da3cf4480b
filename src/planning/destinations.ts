/** The names that an image has on its targets: the plain one where it is free or its own, else the suffixed one. */
import { sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination } from '../contract/activity-types.js';
import type { TargetNameStore } from '../database/target-name-store.js';
import { FerryError } from '../domain/ferry-error.js';
import { targetRepositoriesToTry } from '../domain/target-name.js';
import { targetTag } from '../domain/target-tag.js';
import type { Target } from '../domain/target.js';

/**
 * Where an image goes, as far as nothing has to be claimed for it.
 *
 * @returns undefined when it has no name yet on one of the targets
 * @throws FerryError `target-name`
 */
export async function ownDestinations(
  names: Pick<TargetNameStore, 'ownedBy'>,
  source: ImageReference,
  targets: readonly Target[],
): Promise<readonly Destination[] | undefined> {
  const owned = await Promise.all(targets.map(async (target) => (await namesToTry(names, source, target)).own));
  const destinations = targets.flatMap((target, position) => {
    const repository = owned[position];
    return repository === undefined ? [] : [destinationOn(target, source, repository)];
  });
  return destinations.length === targets.length ? destinations : undefined;
}

/**
 * The same, and claims missing names. A name belongs for ever to the image that claims it first. Call this only for a
 * source that is known to exist: a mistyped one would take the name from the right image.
 *
 * @throws FerryError `target-name` when every name belongs to another image
 */
export async function claimDestinations(
  names: Pick<TargetNameStore, 'ownedBy' | 'claim'>,
  source: ImageReference,
  targets: readonly Target[],
): Promise<readonly Destination[]> {
  const destinations: Destination[] = [];
  for (const target of targets) {
    destinations.push(destinationOn(target, source, await claimRepository(names, source, target)));
  }
  return destinations;
}

/** A name that an image would get. */
export interface ForeseenDestination {
  readonly destination: Destination;
  /** The name that it would have, were it not another image's. */
  readonly takenName?: string | undefined;
}

/**
 * The name that a claim would give, claiming nothing.
 *
 * @throws FerryError `target-name` when every name belongs to another image
 */
export async function foreseeDestination(
  names: Pick<TargetNameStore, 'ownedBy' | 'ownerOf'>,
  source: ImageReference,
  target: Target,
): Promise<ForeseenDestination> {
  const { own, tries } = await namesToTry(names, source, target);
  const owner = sourceRepository(source);
  for (const repository of own === undefined ? tries : [own]) {
    const known = await names.ownerOf(`${target.registry}/${repository}`);
    if (known !== undefined && known !== owner) continue;
    const destination = destinationOn(target, source, repository);
    const [first] = tries;
    return first === undefined || first === repository ? { destination } : { destination, takenName: first };
  }
  throw noFreeName(owner, target, tries);
}

async function claimRepository(
  names: Pick<TargetNameStore, 'ownedBy' | 'claim'>,
  source: ImageReference,
  target: Target,
): Promise<string> {
  const { own, tries } = await namesToTry(names, source, target);
  if (own !== undefined) return own;
  const owner = sourceRepository(source);
  for (const repository of tries) {
    const targetRepository = `${target.registry}/${repository}`;
    const claim = { targetRepository, sourceRepository: owner, target: target.name };
    if ((await names.claim(claim)) === owner) return repository;
  }
  throw noFreeName(owner, target, tries);
}

function noFreeName(owner: string, target: Target, tries: readonly string[]): FerryError {
  return new FerryError(
    `no free name for ${owner} on target ${target.name}: ${tries.join(' and ')} belong to other images; choose one under targets.${target.name}.names in ferry.yaml`,
    { code: 'target-name', decision: 'block' },
  );
}

async function namesToTry(
  names: Pick<TargetNameStore, 'ownedBy'>,
  source: ImageReference,
  target: Target,
): Promise<{ readonly own?: string; readonly tries: readonly string[] }> {
  const prefix = `${target.registry}/`;
  const owned = (await names.ownedBy(sourceRepository(source), target.registry)).map((name) =>
    name.slice(prefix.length),
  );
  const tries = targetRepositoriesToTry(source, target, owned);
  const [first] = tries;
  return first !== undefined && owned.includes(first) ? { own: first, tries } : { tries };
}

function destinationOn(target: Target, source: ImageReference, repository: string): Destination {
  const { name, registry: host, engine } = target;
  return {
    target: name,
    host,
    repository,
    tag: targetTag(source, target),
    engine,
  };
}
