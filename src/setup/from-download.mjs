import { createHash } from 'node:crypto';
import { chmodSync, createWriteStream, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { excerpt, runCommand } from './run-command.mjs';

/** A machine without internet access quickly continues with the next method. */
const connectTimeoutMs = 3_000;
const idleTimeoutMs = 60_000;
const redirectLimit = 5;

/**
 * Gets a program from a release archive, verified with the publisher's checksum.
 *
 * @param {{isThere: boolean, url: string, checksums: string, file: string}} release `isThere`: whether there is one for
 * this machine; `checksums`: lines of "hash  name", or one hash; `file`: the program's name in the archive
 * @returns {import('./program-types.js').Way}
 */
export function fromDownload({ isThere, ...release }) {
  return {
    title: `download from ${new URL(release.url).host}`,
    plan: async () =>
      isThere ? { takes: 'about a minute' } : { impossible: `no release for ${process.platform} on ${process.arch}` },
    get: (destination) => download({ ...release, destination }),
  };
}

/**
 * @param {{url: string, checksums: string, file: string, destination: string}} release
 * @returns {Promise<import('./program-types.js').CommandOutput>}
 */
export async function download({ url, checksums, file, destination }) {
  const folder = mkdtempSync(join(dirname(destination), 'download-'));
  try {
    const archive = join(folder, basename(new URL(url).pathname));
    const list = join(folder, 'checksums');
    await fetchTo(checksums, list);
    await fetchTo(url, archive);
    const fault = checksumFault(archive, readFileSync(list, 'utf8'));
    if (fault !== undefined) return { ok: false, output: fault };

    const unpacked = await runCommand('tar', ['-xzf', archive, '-C', folder, file]);
    if (!unpacked.ok) return { ok: false, output: `cannot unpack ${basename(archive)}:\n${excerpt(unpacked.output)}` };
    chmodSync(join(folder, file), 0o755);
    renameSync(join(folder, file), destination);
    return { ok: true, output: '' };
  } catch (error) {
    return { ok: false, output: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} archive
 * @param {string} list
 */
function checksumFault(archive, list) {
  const actual = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const name = basename(archive);
  const lines = list
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/));
  const expected = (lines.length === 1 ? lines[0] : lines.find((line) => line[1] === name))?.[0];
  if (expected === actual) return undefined;
  return `checksum mismatch of ${name}: got ${actual}, expected ${expected ?? '(not listed by the publisher)'}; the file was discarded`;
}

/**
 * @param {string} url
 * @param {string} path
 * @returns {Promise<void>}
 */
async function fetchTo(url, path, redirects = 0) {
  const response = await request(url);
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    response.destroy();
    const next = new URL(headers.location, url);
    if (next.protocol !== 'https:')
      throw new Error(`${url} redirects to ${next.protocol}//${next.host}, which is not HTTPS`);
    if (redirects === redirectLimit) throw new Error(`${url} redirects more than ${redirectLimit} times`);
    return fetchTo(next.href, path, redirects + 1);
  }
  if (statusCode !== 200) {
    response.destroy();
    throw new Error(`${url} answered ${statusCode}, expected 200`);
  }
  return pipeline(response, createWriteStream(path));
}

/**
 * @param {string} url
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
function request(url) {
  return new Promise((resolve, reject) => {
    const outgoing = get(url, { headers: { 'user-agent': 'image-ferry' } }, resolve);
    const { host } = new URL(url);
    const connecting = setTimeout(
      () => outgoing.destroy(new Error(`no connection to ${host} within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
    outgoing.on('socket', (socket) => socket.once('connect', () => clearTimeout(connecting)));
    outgoing.on('close', () => clearTimeout(connecting));
    outgoing.setTimeout(idleTimeoutMs, () =>
      outgoing.destroy(new Error(`${host} sent nothing for ${idleTimeoutMs / 1000} s`)),
    );
    outgoing.on('error', (error) => reject(new Error(`${url}: ${error.message}`)));
  });
}
