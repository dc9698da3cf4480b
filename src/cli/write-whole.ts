import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, chmod, chown, constants, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { undefinedIfMissing } from './undefined-if-missing.js';

/**
 * Writes a file in one step: a reader sees the old one or the new one, and an interrupted write changes nothing. Missing
 * folders are made; mode and owner of an existing file are kept, and a symbolic link still points to it. What is no file,
 * such as `/dev/stdout`, is written to.
 *
 * @throws InvalidInput if it cannot be written
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const place = await realPath(path);
    const known = await statsOf(place);
    if (known !== undefined && !known.isFile()) await writeFile(place, text);
    else await replace(place, text, known);
  } catch (error) {
    throw new InvalidInput(`${path} cannot be written: ${errorMessage(error)}`, 'configuration');
  }
}

async function replace(place: string, text: string, known: Stats | undefined): Promise<void> {
  // A rename would replace a file that is protected against writing.
  if (known !== undefined) await access(place, constants.W_OK);
  const beside = `${place}.${randomUUID()}.tmp`;
  try {
    await writeFile(beside, text, { flush: true });
    if (known !== undefined) await keepOwner(beside, known);
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Only root can give a file to another user; whose file it then is counts less than its content. */
async function keepOwner(path: string, { uid, gid, mode }: Stats): Promise<void> {
  await chown(path, uid, gid).catch(() => undefined);
  await chmod(path, mode);
}

async function realPath(path: string): Promise<string> {
  return (await realpath(path).catch(undefinedIfMissing)) ?? path;
}

async function statsOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(undefinedIfMissing);
}
