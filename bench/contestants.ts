import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findTool, projectRoot } from '../demo/tools.js';

/** Where one run copies from and to. */
export interface Route {
  /** `host/repository:tag` */
  readonly source: string;
  readonly targets: readonly string[];
  /** A file with the certificates of all three registries; absent for plain HTTP. */
  readonly caFile?: string;
}

export interface Invocation {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A way to bring one image to two targets. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  /** Programs that run at the same time; the groups one after the other. */
  readonly commands: (route: Route) => readonly (readonly Invocation[])[];
}

/** The ferry, and every peer that this machine has, each in its better-known ways to serve two targets. */
export function findContestants(): readonly Contestant[] {
  const peers = [skopeo(), crane(), regctl()].filter((peer) => peer !== undefined);
  return [ferry(), ...peers.flatMap((peer) => [oneAfterTheOther(peer), sideBySide(peer)])];
}

interface Peer {
  readonly name: string;
  readonly version: string;
  readonly copy: (source: string, target: string, caFile: string | undefined) => Invocation;
}

function ferry(): Contestant {
  const program = process.execPath;
  const command = join(projectRoot, 'bin', 'ferry');
  return {
    name: 'ferry copy',
    version: `Node ${process.versions.node}`,
    commands: ({ source, targets, caFile }) => [
      [
        {
          program,
          args: [command, 'copy', source, ...targets],
          env: caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile },
        },
      ],
    ],
  };
}

function skopeo(): Peer | undefined {
  const program = findTool('skopeo') ?? 'skopeo';
  const version = versionOf(program, ['--version']);
  if (version === undefined) return undefined;
  return {
    name: 'skopeo',
    version,
    copy(source, target, caFile) {
      const flags = caFile === undefined ? ['--src-tls-verify=false', '--dest-tls-verify=false'] : [];
      const args = ['copy', '--quiet', '--all', ...flags, `docker://${source}`, `docker://${target}`];
      return { program, args, env: certificates(caFile) };
    },
  };
}

function crane(): Peer | undefined {
  const program = process.env['FERRY_CRANE'] ?? 'crane';
  const version = versionOf(program, ['version']);
  if (version === undefined) return undefined;
  return {
    name: 'crane',
    version,
    copy: (source, target, caFile) => ({ program, args: ['copy', source, target], env: certificates(caFile) }),
  };
}

function regctl(): Peer | undefined {
  const program = process.env['FERRY_REGCTL'] ?? 'regctl';
  const version = versionOf(program, ['version', '--format', '{{.VCSTag}}']);
  if (version === undefined) return undefined;
  return {
    name: 'regctl',
    version,
    copy(source, target, caFile) {
      const hosts = [source, target].map((reference) => reference.slice(0, reference.indexOf('/')));
      const plain = caFile === undefined ? hosts.flatMap((host) => ['--host', `reg=${host},tls=disabled`]) : [];
      return { program, args: [...plain, 'image', 'copy', source, target], env: certificates(caFile) };
    },
  };
}

function oneAfterTheOther({ name, version, copy }: Peer): Contestant {
  return {
    name: `${name}, one after the other`,
    version,
    commands: ({ source, targets, caFile }) => targets.map((target) => [copy(source, target, caFile)]),
  };
}

function sideBySide({ name, version, copy }: Peer): Contestant {
  return {
    name: `${name}, side by side`,
    version,
    commands: ({ source, targets, caFile }) => [targets.map((target) => copy(source, target, caFile))],
  };
}

/** Programs in Go read this in place of the system's certificates. */
function certificates(caFile: string | undefined): Readonly<Record<string, string>> {
  return caFile === undefined ? {} : { SSL_CERT_FILE: caFile };
}

function versionOf(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+[^\s]*/.exec(stdout)?.[0] ?? 'unknown') : undefined;
}
