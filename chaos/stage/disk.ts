import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';

/** A folder on a disk of its own, which can be made full. */
export interface Disk {
  readonly path: string;
  /** Leaves next to no space for a time. @returns false where the folder is on the disk of the machine, or is full already */
  fill(forMs: number): boolean;
  /** There is space again. */
  recover(): void;
  remove(): void;
}

/** What is left on a disk that is full: less than a page of a database. */
const leftBytes = 8 * 1024;

/** Only root may mount a disk (tmpfs); for others it is a plain folder that never gets full. */
export function makeDisk(path: string, bytes: number): Disk {
  mkdirSync(path, { recursive: true });
  const isMounted = mount(['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  const unmount = (): void => void spawnSync('umount', ['--lazy', path]);
  // Also if this process ends early.
  if (isMounted) process.once('exit', unmount);
  let emptying: NodeJS.Timeout | undefined;
  const recover = (): void => {
    clearTimeout(emptying);
    emptying = undefined;
    // It might still be in use by a process that is about to end.
    if (isMounted && !resize(path, bytes)) throw new Error(`the disk ${path} could not be enlarged`);
  };
  return {
    path,
    fill(forMs) {
      if (!isMounted || emptying !== undefined) return false;
      const { blocks, bfree, bsize } = statfsSync(path);
      if (!resize(path, (blocks - bfree) * bsize + leftBytes)) return false;
      emptying = setTimeout(recover, forMs);
      return true;
    },
    recover,
    remove() {
      clearTimeout(emptying);
      process.off('exit', unmount);
      if (isMounted) unmount();
    },
  };
}

/** @returns false if what is there does not fit: something was written meanwhile */
function resize(path: string, bytes: number): boolean {
  return mount(['-o', `remount,size=${bytes}`, path]);
}

function mount(args: readonly string[]): boolean {
  return process.getuid?.() === 0 && spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}
