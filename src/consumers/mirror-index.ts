import { parseImageReference, printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { groupRows } from '../domain/group-rows.js';
import { mirroredName, MirroredState } from '../domain/mirrored-image.js';
import type { MirroredCopy, MirroredImage } from '../domain/mirrored-image.js';

/** An image and the name under which consumers pull it from one target. */
export interface MirrorName extends Omit<MirroredCopy, 'target'> {
  readonly source: ImageReference;
  /** Host in the consumers' names: that of the target, or its endpoint in a private network. */
  readonly host: string;
}

export interface MirrorIndexOptions {
  /** Name of the target. */
  readonly target: string;
  /** Host in the consumers' names. */
  readonly hostOf: (registry: string) => string;
  /** All hosts by which the target is reached. */
  readonly hosts: readonly string[];
  /** Add the digest to every name. */
  readonly pinned: boolean;
}

export type MirrorFind =
  | { readonly kind: 'there'; readonly name: MirrorName; readonly text: string; readonly note?: string | undefined }
  /** It is a name on the target already; a note if the ferry does not know it. */
  | { readonly kind: 'mirrored'; readonly note?: string | undefined }
  | { readonly kind: 'missing'; readonly reason: string; readonly note?: undefined };

/** Finds the name of a source image on one target. */
export class MirrorIndex {
  /** Every image on the target, by source. */
  readonly names: readonly MirrorName[];
  readonly #byImage: ReadonlyMap<string, MirrorName>;
  readonly #byRepository: ReadonlyMap<string, readonly MirrorName[]>;
  readonly #options: MirrorIndexOptions;

  constructor(images: readonly MirroredImage[], options: MirrorIndexOptions) {
    this.#options = options;
    this.#byImage = new Map(
      images.flatMap(({ image, copies }) => {
        const copy = preferred(copies.filter(({ target }) => target === options.target));
        if (copy === undefined) return [];
        return [[image, { ...copy, source: parseImageReference(image), host: options.hostOf(copy.registry) }] as const];
      }),
    );
    this.names = [...this.#byImage.values()];
    this.#byRepository = groupRows(this.names, ({ source }) => sourceRepository(source));
  }

  /** The images of a source repository, `host/path`, on the target. */
  ofRepository(repository: string): readonly MirrorName[] {
    return this.#byRepository.get(repository) ?? [];
  }

  find(reference: ImageReference): MirrorFind {
    const exact = this.#byImage.get(printImageReference(reference));
    if (exact !== undefined) return this.#there(exact, reference);
    if (this.#options.hosts.includes(reference.host)) return this.#onTarget(reference);
    if (reference.digest !== undefined) return this.#findDigest(reference);
    const known = this.ofRepository(sourceRepository(reference)).map(({ source }) => source.tag ?? source.digest ?? '');
    return {
      kind: 'missing',
      reason: known.length === 0 ? 'not on the target' : `not on the target, which has ${few(known)}`,
    };
  }

  /** The name that consumers pull. */
  textOf(name: MirrorName, withDigest: boolean): string {
    const pin = withDigest && name.digest !== undefined ? `@${name.digest}` : '';
    return `${mirroredName({ ...name, registry: name.host })}${pin}`;
  }

  /** The source may be a repository of the target's registry, too, so that this is asked last. */
  #onTarget({ host, path, tag, digest }: ImageReference): MirrorFind {
    const isKnown = this.names.some(
      (name) => name.repository === path && (tag === undefined ? name.digest === digest : name.tag === tag),
    );
    const written = `${host}/${path}${tag === undefined ? '' : `:${tag}`}`;
    return {
      kind: 'mirrored',
      note: isKnown ? undefined : `${written} stays: it is on the target's registry, but the ferry did not copy it`,
    };
  }

  /** The same content may have been copied for another reference to it. */
  #findDigest(reference: ImageReference): MirrorFind {
    const names = this.ofRepository(sourceRepository(reference));
    const same =
      names.find(({ digest }) => digest === reference.digest) ??
      names.find(({ sourceDigest }) => sourceDigest === reference.digest);
    if (same !== undefined) return this.#there(same, reference);
    return { kind: 'missing', reason: 'no image on the target has this digest' };
  }

  #there(name: MirrorName, { digest }: ImageReference): MirrorFind {
    const wantsDigest = this.#options.pinned || digest !== undefined;
    if (wantsDigest && name.digest === undefined) {
      return { kind: 'missing', reason: 'its digest on the target is not known: the next sync run verifies it' };
    }
    const notes = [
      digest !== undefined && name.digest !== digest
        ? `has only ${name.platforms.join(', ')} on the target, so its digest there is ${name.digest ?? ''}`
        : undefined,
      name.state === MirroredState.outdated ? 'is on the target, and a newer copy is due' : undefined,
      name.state === MirroredState.unverified ? 'was recorded by another program and never verified' : undefined,
    ].filter((note) => note !== undefined);
    const note = notes.length === 0 ? undefined : `${printImageReference(name.source)} ${notes.join('; it ')}`;
    return { kind: 'there', name, text: this.textOf(name, wantsDigest), note };
  }
}

const worst: readonly MirroredState[] = [MirroredState.current, MirroredState.outdated, MirroredState.unverified];

/** An image may have an older name of a script beside its own: the verified one, then the newest. */
function preferred(copies: readonly MirroredCopy[]): MirroredCopy | undefined {
  return copies
    .toSorted((a, b) => worst.indexOf(a.state) - worst.indexOf(b.state) || (b.since ?? 0) - (a.since ?? 0))
    .at(0);
}

const shown = 5;

function few(words: readonly string[]): string {
  return words.length <= shown
    ? words.join(', ')
    : `${words.slice(0, shown).join(', ')} and ${words.length - shown} more`;
}
