import { execFile, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { hasEnded, startChild, stopChild } from '../../demo/child-process.js';
import { findTool } from '../../demo/tools.js';

const startTimeoutMs = 30_000;

/** A separate Docker daemon that uses none of the machine's images, networks or firewall rules. */
export interface DockerDaemon {
  /** The command that connects to it. */
  readonly program: string;
  /** The environment that the command needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the command. @returns its standard output */
  docker(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface DaemonOptions {
  /** Containers are run: on layers that share their files. Default: images are stored alone, by the driver that works everywhere. */
  readonly runsContainers?: boolean;
  /** Path of a `daemon.json`. Default: none, not even the machine's. */
  readonly configFile?: string;
}

/**
 * Starts `dockerd` in a temporary folder. It has to run as root, and needs a kernel that lets it mount.
 *
 * @returns the reason, if no daemon can run
 * @throws Error in CI, where a daemon is required
 */
export async function tryStartDockerDaemon(
  options: DaemonOptions = {},
): Promise<DockerDaemon | { readonly reason: string }> {
  const started = await start(options);
  if (!('reason' in started) || (process.env['CI'] ?? '') === '') return started;
  throw new Error(`no Docker daemon, and in CI these tests have to run: ${started.reason}`);
}

async function start({
  runsContainers = false,
  configFile,
}: DaemonOptions): Promise<DockerDaemon | { readonly reason: string }> {
  const [program, dockerd] = [findTool('docker'), findTool('dockerd')];
  if (program === undefined || dockerd === undefined) return { reason: 'docker and dockerd are not installed' };
  if (process.getuid?.() !== 0) return { reason: 'dockerd has to be started by root' };

  const folder = mkdtempSync(join(tmpdir(), 'ferry-dockerd-'));
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const logPath = join(folder, 'log');
  const log = openSync(logPath, 'a');
  // Neither a network of its own nor firewall rules: containers have the machine's network.
  const places = [`--data-root=${join(folder, 'data')}`, `--exec-root=${join(folder, 'exec')}`, `--host=${socket}`];
  const bare = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const options = [
    ...places,
    `--pidfile=${join(folder, 'pid')}`,
    ...bare,
    `--storage-driver=${runsContainers ? 'overlay2' : 'vfs'}`,
    `--config-file=${configFile ?? writeEmptyConfig(folder)}`,
  ];
  const child = startChild(dockerd, options, { stdio: ['ignore', log, log] });
  closeSync(log);

  const environment = { PATH: process.env['PATH'] ?? '', HOME: folder, DOCKER_HOST: socket };
  const docker = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, args, { env: environment });
    return stdout;
  };
  const stop = async (): Promise<void> => {
    await stopChild(child, 'SIGTERM', 30_000);
    // The daemon keeps the machine's network namespace mounted there.
    spawnSync('umount', [join(folder, 'exec', 'netns', 'default')], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && !hasEnded(child)) {
    if (await docker('version').then(Boolean, () => false)) return { program, environment, docker, stop };
    await sleep(100);
  }
  const said = readFileSync(logPath, 'utf8').split('\n').slice(-10).join('\n');
  await stop();
  return { reason: `dockerd did not start; its log:\n${said}` };
}

function writeEmptyConfig(folder: string): string {
  const path = join(folder, 'daemon.json');
  writeFileSync(path, '{}\n');
  return path;
}
