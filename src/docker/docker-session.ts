import { dockerHub } from '@image-ferry/registry/reference';

import { makeConfigFolder } from './config-folder.js';
import type { ConfigFolder } from './config-folder.js';
import { DockerCommand } from './docker-command.js';
import { DockerFault } from './docker-fault.js';
import type { DockerSide } from './docker-fault.js';
import { readLayerLine } from './docker-output.js';
import type { DockerCopyOptions, DockerSettings } from './docker-types.js';
import { assertClassicStore } from './image-store.js';
import { LocalNames } from './local-names.js';

/** Docker's key for the credentials of Docker Hub. */
const hubKey = 'https://index.docker.io/v1/';

/** Errors that other credentials might fix. */
const refusals: ReadonlySet<string> = new Set(['unauthorized', 'denied', 'rate-limited', 'repository-missing']);

/** A registry that a copy reads or writes, and the repository there. */
export interface DockerRepository {
  readonly side: 'source' | 'target';
  readonly host: string;
  readonly repository: string;
  /** Name of the target, if it is one. */
  readonly target?: string;
}

/**
 * The docker command for one copy, with a configuration folder of its own and the names that it creates in the daemon.
 */
export class DockerSession {
  readonly names: LocalNames;
  readonly #docker: DockerCommand;
  readonly #settings: DockerSettings;
  readonly #options: DockerCopyOptions;
  readonly #folder: ConfigFolder;
  /** The unused credentials of the repository that it last logged in to. */
  readonly #unused: Record<DockerSide, readonly string[]> = { source: [], target: [], daemon: [] };

  private constructor(parts: {
    readonly names: LocalNames;
    readonly docker: DockerCommand;
    readonly settings: DockerSettings;
    readonly options: DockerCopyOptions;
    readonly folder: ConfigFolder;
  }) {
    this.names = parts.names;
    this.#docker = parts.docker;
    this.#settings = parts.settings;
    this.#options = parts.options;
    this.#folder = parts.folder;
  }

  /**
   * @param repositories local repositories in which names will be created
   * @throws DockerFault if the daemon does not answer or uses an unsupported image store
   */
  static async open(
    settings: DockerSettings,
    repositories: readonly string[],
    options: DockerCopyOptions,
  ): Promise<DockerSession> {
    const folder = await makeConfigFolder(settings.userConfigFolder);
    try {
      const docker = new DockerCommand({
        ...settings,
        environment: { ...settings.environment, DOCKER_CONFIG: folder.path, DOCKER_CLI_HINTS: 'false' },
      });
      // First, since an older command prints misleading errors of `docker info` without a daemon.
      const names = await LocalNames.remember(docker, repositories, options.signal);
      await assertClassicStore(docker, options.signal);
      return new DockerSession({ names, docker, settings, options, folder });
    } catch (error) {
      await folder.remove();
      throw error;
    }
  }

  /**
   * Restores the daemon's names and removes the folder, also after a cancellation. @returns names that could not be
   * restored
   */
  async close(): Promise<readonly string[]> {
    try {
      return await this.names.restore();
    } finally {
      await this.#folder.remove();
    }
  }

  /**
   * Logs in to a host with the credentials of a repository, in place of another account's.
   * @throws FerryError if they cannot be read, DockerFault if the registry rejects them
   */
  async logIn({ side, host, repository, target }: DockerRepository): Promise<void> {
    const credentials = await this.#settings.credentials(host, repository, target);
    if (credentials === undefined) {
      this.#unused[side] = (await this.#settings.credentials.unused?.(host, repository, target)) ?? [];
      return;
    }
    this.#unused[side] = [];
    const { username, password, identityToken, registryToken } = credentials;
    const key = host === dockerHub ? hubKey : host;
    if (identityToken !== undefined) return await this.#folder.addToken(key, { identitytoken: identityToken });
    if (registryToken !== undefined) return await this.#folder.addToken(key, { registrytoken: registryToken });
    const server = host === dockerHub ? [] : [host];
    await this.run(['login', `--username=${username}`, '--password-stdin', ...server], side, password);
  }

  /** @returns lines of standard output. @throws DockerFault */
  async run(args: readonly string[], side: DockerSide, input?: string): Promise<readonly string[]> {
    const { signal } = this.#options;
    return await this.#tellingUnused(side, async () => {
      return await this.#docker.run(args, {
        side,
        signal,
        input,
      });
    });
  }

  /** Runs `docker pull` or `push` with the name as the last argument and reports each layer. @throws DockerFault */
  async transfer(step: 'pull' | 'push', args: readonly string[], side: DockerSide): Promise<readonly string[]> {
    const { signal, onProgress } = this.#options;
    const name = args.at(-1) ?? '';
    return await this.#tellingUnused(side, async () => {
      return await this.#docker.run([step, ...args], {
        side,
        signal,
        onLine(line) {
          const read = readLayerLine(line);
          if (read !== undefined) onProgress?.({ step, name, ...read });
        },
      });
    });
  }

  async #tellingUnused<T>(side: DockerSide, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const reasons = this.#unused[side];
      if (!(error instanceof DockerFault) || !refusals.has(error.code) || reasons.length === 0) throw error;
      const { code, decision } = error;
      const message = `${error.message}; unused credentials: ${reasons.join('; ')}`;
      throw new DockerFault(message, { side, code, decision });
    }
  }

  insecureFlag(host: string): readonly string[] {
    return this.#settings.isInsecure(host) ? ['--insecure'] : [];
  }
}
