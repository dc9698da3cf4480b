import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { UploadJournal, UploadKey, UploadRecord } from '@image-ferry/registry';
import { parseUploadRecord } from '@image-ferry/registry/upload-records';

import { identifyProcess, isRunning } from '../supervisor/process-identity.js';
import type { ProcessIdentity } from '../supervisor/process-identity.js';
import { undefinedIfMissing } from './undefined-if-missing.js';

const dayMs = 24 * 60 * 60 * 1_000;
/** Most registries do not keep an upload for longer. */
const keptForMs = 7 * dayMs;
/** One that could not be cancelled until then is no longer there. */
const forgottenAfterMs = 30 * dayMs;
const maxFiles = 500;
const setAside = '.old';

/** An upload, and the process that it belongs to while that runs. */
interface OwnedUpload {
  readonly owner: ProcessIdentity;
  readonly upload: UploadRecord;
}

/**
 * Uploads of `ferry copy` that were not finished, one file for each. The locations in them let everyone write to the
 * uploads: only the user can read the files. Two processes never continue the same upload. Its promises may reject with
 * errors of the file system.
 */
export class UploadFolder implements UploadJournal {
  readonly #folder: string;
  readonly #self: ProcessIdentity;
  /** Names of files that this process has written: no other process writes them while it runs. */
  readonly #written = new Set<string>();
  readonly #cancel: (upload: UploadRecord) => Promise<void>;
  #swept: Promise<void> | undefined;

  /**
   * @param options.cancel tells a registry that an upload is not wanted any more; if it rejects, a later process tries again
   * @param options.self this process
   */
  constructor(
    folder: string,
    {
      cancel = () => Promise.resolve(),
      self = identifyProcess(process.pid),
    }: {
      readonly cancel?: (upload: UploadRecord) => Promise<void>;
      readonly self?: ProcessIdentity | undefined;
    } = {},
  ) {
    this.#folder = folder;
    this.#cancel = cancel;
    this.#self = self ?? { pid: process.pid, startedAt: '' };
  }

  async take(key: UploadKey): Promise<UploadRecord | undefined> {
    await this.#sweep();
    const path = this.#pathOf(key);
    const found = await this.#read(path, key);
    if (found === undefined || this.#isOwn(found)) return found?.upload;
    if (isRunning(found.owner)) return undefined;

    // Of several processes that find the upload of a dead one, the one that renames its file continues it.
    const claim = `${path}.${this.#self.pid}.claim`;
    if (!(await succeeds(async () => await rename(path, claim)))) return undefined;
    const claimed = await this.#read(claim, key);
    if (claimed === undefined) return undefined;
    // Another process was faster, and has written its name meanwhile.
    if (isRunning(claimed.owner)) {
      await rename(claim, path);
      return undefined;
    }
    await this.#write(path, claimed.upload);
    await rm(claim);
    return claimed.upload;
  }

  async save(upload: UploadRecord): Promise<void> {
    await this.#sweep();
    const path = this.#pathOf(upload);
    if (!this.#written.has(path) && (await this.#isForeign(path, upload))) return;
    await this.#write(path, upload);
  }

  async remove(key: UploadKey): Promise<void> {
    const path = this.#pathOf(key);
    this.#written.delete(path);
    if (!(await this.#isForeign(path, key))) await rm(path, { force: true });
  }

  /** Another process that runs uploads the same blob for the same image. */
  async #isForeign(path: string, key: UploadKey): Promise<boolean> {
    const found = await this.#read(path, key);
    return found !== undefined && !this.#isOwn(found) && isRunning(found.owner);
  }

  #isOwn({ owner }: OwnedUpload): boolean {
    return owner.pid === this.#self.pid && owner.startedAt === this.#self.startedAt;
  }

  /** A file that is not an upload of this key is removed. */
  async #read(path: string, key: UploadKey): Promise<OwnedUpload | undefined> {
    const text = await readFile(path, 'utf8').catch(undefinedIfMissing);
    if (text === undefined) return undefined;
    const found = parseOwned(text);
    if (found !== undefined && nameOf(found.upload) === nameOf(key)) return found;
    await rm(path, { force: true });
    return undefined;
  }

  /** At once and completely: a reader finds the old content or the new one. */
  async #write(path: string, upload: UploadRecord): Promise<void> {
    const owned: OwnedUpload = { owner: this.#self, upload };
    const unfinished = `${path}.${this.#self.pid}.tmp`;
    if (this.#written.size === 0) await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(unfinished, JSON.stringify(owned), { mode: 0o600 });
    await rename(unfinished, path);
    this.#written.add(path);
  }

  #pathOf(key: UploadKey): string {
    return join(this.#folder, nameOf(key));
  }

  /** Removes uploads that are not wanted any more, and the oldest of too many; once. */
  async #sweep(): Promise<void> {
    this.#swept ??= this.#removeOld();
    await this.#swept;
  }

  async #removeOld(): Promise<void> {
    const all = (await readdir(this.#folder).catch(undefinedIfMissing)) ?? [];
    const cut = all.filter(isCutShort);
    await Promise.all(cut.map(async (name) => await rm(join(this.#folder, name), { force: true })));
    const names = all.filter((name) => !cut.includes(name));
    const own = names.filter((name) => /^[0-9a-f]{64}\.json/.test(name)).map((name) => join(this.#folder, name));
    const files = await Promise.all(own.map(async (path) => ({ path, savedAt: await savedAtOf(path) })));
    const newestFirst = files.toSorted((one, other) => other.savedAt - one.savedAt);
    const old = newestFirst.filter(({ savedAt }, position) => position >= maxFiles || savedAt < Date.now() - keptForMs);
    await Promise.all(old.map(async ({ path, savedAt }) => await this.#giveUp(path, savedAt)));
  }

  /**
   * Sets a file aside, so that no process continues the upload, cancels that at its registry, and removes the file. It
   * stays for a later process if that does not work. A registry that does not answer does not delay the copy.
   */
  async #giveUp(path: string, savedAt: number): Promise<void> {
    const text = await readFile(path, 'utf8').catch(undefinedIfMissing);
    const found = text === undefined ? undefined : parseOwned(text);
    if (found !== undefined && isRunning(found.owner)) return;
    if (found === undefined || savedAt < Date.now() - forgottenAfterMs) {
      await rm(path, { force: true });
      return;
    }
    const aside = path.endsWith(setAside) ? path : `${path}${setAside}`;
    if (!(await succeeds(async () => await rename(path, aside)))) return;
    const cancelled = this.#cancel(found.upload).then(async () => await rm(aside, { force: true }));
    cancelled.catch(() => {});
  }
}

/**
 * A process that was killed was writing it: the file without the ending has the upload as it was saved before. In
 * containers that one often had the number of this process, which has written nothing yet.
 */
function isCutShort(name: string): boolean {
  const [, pid] = /^[0-9a-f]{64}\.json\.(\d+)\.tmp$/.exec(name) ?? [];
  return pid !== undefined && (Number(pid) === process.pid || identifyProcess(Number(pid)) === undefined);
}

function nameOf({ registry, repository, tag, digest }: UploadKey): string {
  return `${createHash('sha256').update([registry, repository, tag, digest].join('\n')).digest('hex')}.json`;
}

function parseOwned(text: string): OwnedUpload | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('upload' in value) || !('owner' in value)) return undefined;
  const upload = parseUploadRecord(value.upload);
  const owner = parseOwner(value.owner);
  return upload === undefined || owner === undefined ? undefined : { owner, upload };
}

function parseOwner(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return undefined;
  const { pid, startedAt } = value;
  return Number.isSafeInteger(pid) && typeof startedAt === 'string' ? { pid: Number(pid), startedAt } : undefined;
}

/** 0 for a file that another process has removed meanwhile. */
async function savedAtOf(path: string): Promise<number> {
  return (await stat(path).catch(undefinedIfMissing))?.mtimeMs ?? 0;
}

async function succeeds(action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    undefinedIfMissing(error);
    return false;
  }
}
