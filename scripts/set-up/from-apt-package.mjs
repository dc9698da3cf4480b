import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { runCommand } from '../../src/setup/run-command.mjs';

const policyFile = '/usr/sbin/policy-rc.d';
const environment = { DEBIAN_FRONTEND: 'noninteractive' };
/** Without internet apt would try each mirror for minutes. */
const patience = ['-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20', '-o', 'Acquire::Retries=1'];
const waitForOthers = ['-o', 'DPkg::Lock::Timeout=120'];

let updated = false;

/** A Debian or Ubuntu package. A service that it brings is installed, but not started. */
export function fromAptPackage(name) {
  return {
    title: `apt-get install ${name}`,
    plan: async () => {
      if (!isDebian()) return { impossible: 'this is not Debian or Ubuntu' };
      if (process.getuid() !== 0) return { impossible: 'only root may install packages' };
      return { takes: 'about a minute' };
    },
    get: () => withoutStartingServices(() => install(name)),
  };
}

async function install(name) {
  if (!updated) {
    const update = await runCommand('apt-get', [...patience, ...waitForOthers, 'update'], { env: environment });
    if (!update.ok) return update;
    updated = true;
  }
  const args = [...patience, ...waitForOthers, 'install', '--yes', '--no-install-recommends', name];
  return runCommand('apt-get', args, { env: environment });
}

/** Debian asks this file before it starts a service; 101 means no. One that is there already is the machine's own. */
async function withoutStartingServices(work) {
  if (existsSync(policyFile)) return work();
  const remove = () => rmSync(policyFile, { force: true });
  writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  process.once('exit', remove);
  try {
    return await work();
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function isDebian() {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}
