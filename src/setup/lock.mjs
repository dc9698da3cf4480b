import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { say } from './say.mjs';

/** @type {readonly NodeJS.Signals[]} */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs `work` while no other set-up of this user is running; the lock of a process that has ended is ignored.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function underLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  let isSaid = false;
  while (!take(path)) {
    const owner = ownerOf(path);
    if (owner === undefined) continue;
    if (!isAlive(owner)) {
      removeLeftover(path, owner);
      continue;
    }
    if (!isSaid) say(`Another set-up is running (process ${owner}); waiting for it.`);
    isSaid = true;
    await sleep(500);
  }

  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  const end = () => process.exit(1);
  for (const signal of endingSignals) process.once(signal, end);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    for (const signal of endingSignals) process.off(signal, end);
    release();
  }
}

/**
 * A link appears atomically, so the file is never seen without its owner in it.
 *
 * @param {string} path
 */
function take(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine);
  }
}

/** @param {string} path */
function ownerOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Renames the lock before removing it: of two waiting processes, the slower one must not remove the lock that the other
 * one has just taken.
 *
 * @param {string} path
 * @param {number} owner
 */
function removeLeftover(path, owner) {
  const aside = `${path}.left-by-${owner}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (ownerOf(aside) !== owner) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  }
  rmSync(aside, { force: true });
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * @param {unknown} error
 * @returns {string | undefined}
 */
function codeOf(error) {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
