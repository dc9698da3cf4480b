import { parseImageReference } from '@image-ferry/registry/reference';

import type { SharedName } from '../database/shared-names.js';
import { FerryError } from '../domain/ferry-error.js';
import { targetRepositoryCandidates } from '../domain/target-name.js';
import type { Target } from '../domain/target.js';

/** Prints a line for each source repository whose tags need another target name from now on. */
export function sharedNameLines(names: readonly SharedName[], targets: readonly Target[]): readonly string[] {
  return names.flatMap(({ repository, owner, others }) =>
    others.map(({ source, tags }) => {
      const there = tags === 1 ? '1 tag' : `${tags} tags`;
      const next = nextName(repository, source, targets) ?? `${repository}-… (a name derived from the source)`;
      return `${repository} holds tags of both ${owner} and ${source}. It stays with ${owner}; new tags of ${source}, and new content of its ${there} there, go to ${next}. Nothing is removed.`;
    }),
  );
}

function nextName(repository: string, source: string, targets: readonly Target[]): string | undefined {
  const host = repository.split('/', 1)[0] ?? '';
  const target = targets.find(
    ({ registry, namespace }) =>
      registry === host && (namespace === '' || repository.startsWith(`${host}/${namespace}/`)),
  );
  if (target === undefined) return undefined;
  try {
    return `${host}/${targetRepositoryCandidates(parseImageReference(source), target).suffixed}`;
  } catch (error) {
    if (error instanceof FerryError) return undefined;
    throw error;
  }
}
