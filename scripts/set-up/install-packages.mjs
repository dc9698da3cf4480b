import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { excerpt, runCommand } from '../../src/setup/run-command.mjs';
import { announce, seconds, whileSaying } from '../../src/setup/say.mjs';
import { npmCommand } from './npm-command.mjs';
import { projectRoot } from './places.mjs';
import { SetUpError } from './set-up-error.mjs';

/** `npm ci`, unless what npm last installed here is what the lock file says. */
export async function installPackages() {
  const title = 'npm packages';
  if (installedMatchesLock()) {
    announce(title, 'as in package-lock.json');
    return;
  }
  announce(title, 'npm ci (up to 2 minutes)');
  const start = Date.now();
  // No package here needs its install script, so none is run.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = await whileSaying('npm ci', () => runCommand(...npmCommand(args), { cwd: projectRoot }));
  if (!result.ok) {
    throw new SetUpError(
      `The npm packages could not be installed. npm said:\n${excerpt(result.output)}\n  Try it yourself: npm ci --ignore-scripts`,
    );
  }
  announce(title, `installed in ${seconds(start)}`);
}

/**
 * npm writes down what it installed in node_modules/.package-lock.json, last of all: that file is the stamp.
 * Packages for other platforms are in the lock file, but not installed.
 */
function installedMatchesLock() {
  const locked = packagesOf(join(projectRoot, 'package-lock.json'));
  const installed = packagesOf(join(projectRoot, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  for (const [path, entry] of Object.entries(locked)) {
    const present = installed[path];
    if (present === undefined && path !== '' && !entry.optional) return false;
    if (present !== undefined && present.integrity !== entry.integrity) return false;
  }
  return Object.entries(installed).every(([path, entry]) => path in locked && isForThisPlatform(entry));
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : undefined;
}

function isForThisPlatform({ os, cpu }) {
  return (os === undefined || os.includes(process.platform)) && (cpu === undefined || cpu.includes(process.arch));
}
