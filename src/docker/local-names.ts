import { errorMessage } from '../domain/error-message.js';
import type { DockerCommand } from './docker-command.js';

const fields = ['Repository', 'Tag', 'Digest', 'ID'].map((field) => `{{.${field}}}`).join('\t');
const nothing = '<none>';

/**
 * The names that a copy creates in the daemon, and what they meant before. Afterwards each is restored, or removed if
 * it did not exist; the image goes with its last name. Other users' names stay.
 */
export class LocalNames {
  readonly #docker: DockerCommand;
  readonly #before: ReadonlyMap<string, string>;
  readonly #nameless: ReadonlySet<string>;
  readonly #given = new Set<string>();

  private constructor(docker: DockerCommand, before: ReadonlyMap<string, string>, nameless: ReadonlySet<string>) {
    this.#docker = docker;
    this.#before = before;
    this.#nameless = nameless;
  }

  /** Records the existing names. @throws DockerFault */
  static async remember(
    docker: DockerCommand,
    repositories: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<LocalNames> {
    const options = { side: 'daemon', signal } as const;
    const before = new Map<string, string>();
    for (const repository of new Set(repositories)) {
      const list = ['image', 'ls', '--digests', '--no-trunc', `--format=${fields}`, repository];
      for (const [name, id] of (await docker.run(list, options)).flatMap(namesIn)) before.set(name, id);
    }
    const dangling = ['image', 'ls', '--quiet', '--no-trunc', '--filter=dangling=true'];
    return new LocalNames(docker, before, new Set(await docker.run(dangling, options)));
  }

  /** Records, before it happens, that a name will mean another image. */
  will(name: string): void {
    this.#given.add(name);
  }

  /** A digest cannot be moved from one platform's image to another's: it is removed at once. */
  async letGo(name: string): Promise<void> {
    if (this.#before.has(name)) return;
    await this.#remove(name);
    this.#given.delete(name);
  }

  /** @returns names that could not be restored, each with the reason */
  async restore(): Promise<readonly string[]> {
    const left: string[] = [];
    // Tags first: an image's digests are removed with its last tag in a repository.
    const names = [...this.#given].sort((a, b) => Number(a.includes('@')) - Number(b.includes('@')));
    for (const name of names) {
      try {
        await this.#restore(name);
      } catch (error) {
        left.push(`${name}: ${errorMessage(error)}`);
      }
    }
    return left;
  }

  async #restore(name: string): Promise<void> {
    const id = await this.#imageOf(name);
    const previous = this.#before.get(name);
    if (id === previous || (previous === undefined && id === undefined)) return;
    if (previous !== undefined) await this.#docker.run(['tag', previous, name], { side: 'daemon' });
    else if (id !== undefined && this.#nameless.has(id)) throw new Error('it is the only name of an existing image');
    else await this.#remove(name);
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#docker.run(['image', 'rm', name], { side: 'daemon' });
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  async #imageOf(name: string): Promise<string | undefined> {
    try {
      const [id] = await this.#docker.run(['image', 'inspect', '--format={{.Id}}', name], { side: 'daemon' });
      return id;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }
}

function namesIn(line: string): [name: string, id: string][] {
  const [repository = nothing, tag = nothing, digest = nothing, id = ''] = line.split('\t');
  if (repository === nothing) return [];
  const names: [string, string][] = [];
  if (tag !== nothing) names.push([`${repository}:${tag}`, id]);
  if (digest !== nothing) names.push([`${repository}@${digest}`, id]);
  return names;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && /no such image/i.test(error.message);
}
