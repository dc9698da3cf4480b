import type { Plugin } from 'vite';

/**
 * The modules that the page loads at once, as static imports of its entry. In one file they come with one request; each
 * file of its own would cost a slow line a part of a round trip.
 */
export class FirstLoad {
  readonly #imports = new Map<string, readonly string[]>();
  readonly #entries: string[] = [];
  #modules: ReadonlySet<string> | undefined;

  readonly plugin: Plugin = {
    name: 'first-load',
    moduleParsed: ({ id, importedIds, isEntry }) => {
      this.#imports.set(id, importedIds);
      if (isEntry) this.#entries.push(id);
    },
  };

  /** To be called when every module has been parsed. */
  readonly has = (id: string): boolean => {
    this.#modules ??= this.#reached();
    return this.#modules.has(id);
  };

  #reached(): ReadonlySet<string> {
    const reached = new Set(this.#entries);
    // A set is iterated over what is added meanwhile, too.
    for (const id of reached) for (const imported of this.#imports.get(id) ?? []) reached.add(imported);
    return reached;
  }
}
