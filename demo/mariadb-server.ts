import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import { freePort } from '../src/supervisor/free-port.js';
import { hasEnded, startChild, stopChild } from './child-process.js';
import { requireTool } from './tools.js';

const startTimeoutMs = 60_000;

/** A separate MariaDB, with a user that has all permissions. */
export interface MariaDbServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The process that runs now; another one after a crash. */
  pid(): number;
  /** Kills it as a power failure would, and starts it again with its data and port. Resolves when it answers. */
  crash(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a MariaDB on 127.0.0.1 with an empty data folder, and waits until it answers.
 * @param added more options, such as those for TLS
 * @throws Error with the end of its log if it does not start
 */
export async function startMariaDb(added: readonly string[] = []): Promise<MariaDbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-mariadb-'));
  try {
    return await start(folder, mariaDbCommand(folder, await freePort(), added));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export interface MariaDbCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly access: Access;
  readonly log: string;
}

type Access = Pick<MariaDbServer, 'host' | 'port' | 'user' | 'password'>;

/** Makes a data folder with a user that has all permissions. @returns how to start its server, as often as needed */
export function mariaDbCommand(folder: string, port: number, added: readonly string[] = []): MariaDbCommand {
  const program = requireTool('mariadbd');
  const access = { host: '127.0.0.1', port, user: 'ferry', password: randomBytes(12).toString('hex') };
  install(program, folder);
  const init = join(folder, 'init.sql');
  // Executed at each start.
  const grants = [
    `create user if not exists '${access.user}'@'%' identified by '${access.password}'`,
    `grant all on *.* to '${access.user}'@'%' with grant option`,
  ];
  writeFileSync(init, grants.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });
  const log = join(folder, 'server.log');
  const options = [
    `--init-file=${init}`,
    `--socket=${join(folder, 'server.sock')}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    `--log-error=${log}`,
    `--bind-address=${access.host}`,
    `--port=${port}`,
    '--skip-name-resolve',
    // The tests kill the server but do not cut the power, so a commit does not need to wait for the disk.
    '--innodb-flush-log-at-trx-commit=2',
    '--innodb-flush-method=nosync',
    '--innodb-doublewrite=0',
    '--sync-frm=0',
    '--innodb-log-file-size=16M',
    '--innodb-buffer-pool-size=64M',
    ...added,
  ];
  return { program, args: [...serverOptions(folder), ...options], access, log };
}

/** Settings of this one server; none of the machine's. */
function serverOptions(folder: string): string[] {
  // A separate folder for temporary tables, too: in a shared one another server removes them.
  const places = [`--datadir=${join(folder, 'data')}`, `--tmpdir=${folder}`];
  return ['--no-defaults', ...places, `--user=${userInfo().username}`];
}

function install(program: string, folder: string): void {
  const beside = ['../bin', '../scripts', '.'].map((place) => join(dirname(program), place, 'mariadb-install-db'));
  const script = beside.find((path) => existsSync(path)) ?? 'mariadb-install-db';
  const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  const result = spawnSync(script, [...serverOptions(folder), ...options], { encoding: 'utf8' });
  if (result.status !== 0) {
    const said = [result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n');
    throw new Error(`${script} could not make a data folder:\n${said}`);
  }
}

async function start(folder: string, { program, args, access, log }: MariaDbCommand): Promise<MariaDbServer> {
  const startOne = () => startChild(program, args, { stdio: 'ignore' });
  let child = startOne();
  const stop = async (): Promise<void> => {
    await stopChild(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const crash = async (meanwhile = async () => {}): Promise<void> => {
    await stopChild(child, 'SIGKILL');
    await meanwhile();
    child = startOne();
    await untilItAnswers(child, access, log);
  };
  try {
    await untilItAnswers(child, access, log);
    return { ...access, pid: () => child.pid ?? 0, crash, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilItAnswers(child: ChildProcess, access: Access, log: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && !hasEnded(child)) {
    if (await answers(access)) return;
    await sleep(50);
  }
  const said = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-20).join('\n') : 'nothing';
  throw new Error(`MariaDB did not start; its log:\n${said}`);
}

async function answers(access: Access): Promise<boolean> {
  try {
    const connection = await createConnection(access);
    await connection.query('select 1');
    await connection.end();
    return true;
  } catch {
    return false;
  }
}
