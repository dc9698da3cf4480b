import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { findTool, projectRoot } from '../demo/tools.js';

/** Where one run copies from and to. */
export interface Route {
  /** `host/repository:tag` */
  readonly source: string;
  readonly targets: readonly string[];
  /** A file with the certificates of all registries; absent for plain HTTP. */
  readonly caFile?: string;
}

export interface Invocation {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a contestant runs, and how many of it at the same time. */
export interface Work {
  readonly invocations: readonly Invocation[];
  readonly atOnce: number;
}

/** A way to bring one image to several targets. */
export interface Contestant {
  /** With its version. */
  readonly name: string;
  readonly work: (route: Route) => Work;
  /** Where more would only take longer: something else than this machine sets its time. */
  readonly mostRounds?: number;
}

/** A copier that serves one target at a time. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly copy: (source: string, target: string, caFile?: string) => Invocation;
}

export function ferry(): Contestant {
  return {
    name: `ferry copy (Node ${process.versions.node})`,
    work: ({ source, targets, caFile }) => ({ invocations: [ferryCopy([source, ...targets], caFile)], atOnce: 1 }),
  };
}

export function ferryCopy(args: readonly string[], caFile?: string): Invocation {
  const env: Invocation['env'] = caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile };
  return { program: process.execPath, args: [join(projectRoot, 'bin', 'ferry'), 'copy', ...args], env };
}

/** Every peer that this machine has. */
export function findPeers(): readonly Peer[] {
  return [skopeo(), crane(), regctl()].filter((peer) => peer !== undefined);
}

export function oneAfterTheOther({ name, version, copy }: Peer): Contestant {
  return {
    name: `${name} ${version}, one after the other`,
    work: ({ source, targets, caFile }) => ({
      invocations: targets.map((target) => copy(source, target, caFile)),
      atOnce: 1,
    }),
  };
}

export function sideBySide({ name, version, copy }: Peer): Contestant {
  return {
    name: `${name} ${version}, side by side`,
    work: ({ source, targets, caFile }) => ({
      invocations: targets.map((target) => copy(source, target, caFile)),
      atOnce: targets.length,
    }),
  };
}

/** `regsync once` on a file: the only peer that takes a list. */
export function findRegsync():
  { readonly name: string; readonly run: (configuration: string) => Invocation } | undefined {
  const program = findTool('regsync') ?? 'regsync';
  const version = versionOf(program, ['version', '--format', '{{.VCSTag}}']);
  if (version === undefined) return undefined;
  return {
    name: `regsync once (${version})`,
    run: (configuration) => ({ program, args: ['once', '--config', configuration], env: {} }),
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
  const program = findTool('crane') ?? 'crane';
  const version = versionOf(program, ['version']);
  if (version === undefined) return undefined;
  return {
    name: 'crane',
    version,
    copy: (source, target, caFile) => ({ program, args: ['copy', source, target], env: certificates(caFile) }),
  };
}

function regctl(): Peer | undefined {
  const program = findTool('regctl') ?? 'regctl';
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

/** Programs in Go read this in place of the system's certificates. */
function certificates(caFile: string | undefined): Readonly<Record<string, string>> {
  return caFile === undefined ? {} : { SSL_CERT_FILE: caFile };
}

function versionOf(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+[^\s]*/.exec(stdout)?.[0] ?? 'of unknown version') : undefined;
}
