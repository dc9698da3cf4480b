import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'image-ferry-docker-';

/** A placeholder entry: with an empty `auths`, docker would store passwords in the user's key chain. */
const noEntry = { 'image-ferry.invalid': {} };

/** In the format of docker's file. */
type TokenEntry = { readonly identitytoken: string } | { readonly registrytoken: string };

/** A `DOCKER_CONFIG` of our own that only this user can read. */
export interface ConfigFolder {
  readonly path: string;
  /**
   * For a registry whose credential is a token, which `docker login` does not accept.
   * @param key docker's key for the registry
   */
  addToken(key: string, entry: TokenEntry): Promise<void>;
  /** With everything that `docker login` wrote there. */
  remove(): Promise<void>;
}

/** @param userConfigFolder its contexts are linked into the new folder, with the current one */
export async function makeConfigFolder(userConfigFolder?: string): Promise<ConfigFolder> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  const remove = async (): Promise<void> => await rm(path, { recursive: true, force: true });
  try {
    const context = userConfigFolder === undefined ? undefined : await borrowContexts(userConfigFolder, path);
    const config = { auths: noEntry, currentContext: context };
    await writeConfig(path, config);
    return { path, remove, addToken: async (key, entry) => await addToken(path, key, entry) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Folders of killed processes may contain a password. */
export async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // A folder of another user is left to that user.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}

async function addToken(path: string, key: string, entry: TokenEntry): Promise<void> {
  const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as { readonly auths?: object };
  await writeConfig(path, { ...config, auths: { ...config.auths, [key]: entry } });
}

async function writeConfig(path: string, config: object): Promise<void> {
  await writeFile(join(path, 'config.json'), JSON.stringify(config), { mode: 0o600 });
}

async function borrowContexts(from: string, to: string): Promise<string | undefined> {
  await symlink(join(from, 'contexts'), join(to, 'contexts'));
  try {
    const config: unknown = JSON.parse(await readFile(join(from, 'config.json'), 'utf8'));
    const known = typeof config === 'object' && config !== null && 'currentContext' in config ? config : undefined;
    return typeof known?.currentContext === 'string' ? known.currentContext : undefined;
  } catch {
    // Without a config that docker itself could read, it uses its default context.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
