import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RegistryAddress } from './registry-request.js';
import { requireTool } from './tools.js';

const timeoutMs = 120_000;
const outputLimit = 64 * 1024 * 1024;

export interface SkopeoImage {
  readonly registry: Pick<RegistryAddress, 'url' | 'ca' | 'credentials'>;
  readonly repository: string;
  /** Tag, or `sha256:…`. */
  readonly reference: string;
}

/** `skopeo inspect --raw`: the manifest's bytes, read by a client that shares no code with the ferry. */
export async function skopeoInspectRaw(image: SkopeoImage): Promise<Buffer> {
  return withLogin(image.registry, (flags) => skopeo(['inspect', '--raw', ...flags(''), nameOf(image)]));
}

export interface SkopeoCopyOptions {
  /** A platform of an index, `linux/arm64`; default: all of them. */
  readonly platform?: string;
}

/**
 * `skopeo copy` of an image into an empty folder, every digest verified on the way; `manifest.json` in it has the
 * manifest's bytes.
 */
export async function skopeoCopy(
  image: SkopeoImage,
  folder: string,
  { platform }: SkopeoCopyOptions = {},
): Promise<void> {
  const choice = platform === undefined ? [] : platformFlags(platform);
  const all = platform === undefined ? ['--all'] : [];
  await withLogin(image.registry, (flags) =>
    skopeo([...choice, 'copy', '--quiet', ...all, ...flags('src-'), nameOf(image), `dir:${folder}`]),
  );
}

/** `skopeo copy` from one registry to another, both without TLS and passwords: everything, and no digest changed. */
export async function skopeoMirror(from: SkopeoImage, to: SkopeoImage): Promise<void> {
  const flags = ['--quiet', '--all', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false'];
  await skopeo(['copy', ...flags, nameOf(from), nameOf(to)]);
}

function platformFlags(platform: string): string[] {
  const [os = '', architecture = '', variant] = platform.split('/');
  const flags = ['--override-os', os, '--override-arch', architecture];
  return variant === undefined ? flags : [...flags, '--override-variant', variant];
}

function nameOf({ registry, repository, reference }: SkopeoImage): string {
  const { host } = new URL(registry.url);
  return `docker://${host}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

/** Credentials in a file, not among the arguments that everyone on the machine can read. */
async function withLogin<Result>(
  { url, ca, credentials }: SkopeoImage['registry'],
  use: (flags: (prefix: string) => string[]) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-skopeo-'));
  try {
    const { host, protocol } = new URL(url);
    const auth = credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    const authFile = join(folder, 'auth.json');
    writeFileSync(authFile, JSON.stringify({ auths: auth === undefined ? {} : { [host]: { auth } } }));
    if (ca !== undefined) writeFileSync(join(folder, 'ca.crt'), ca);
    return await use((prefix) => [
      `--${prefix}authfile`,
      authFile,
      `--${prefix}tls-verify=${String(protocol === 'https:')}`,
      ...(ca === undefined ? [] : [`--${prefix}cert-dir`, folder]),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function skopeo(args: readonly string[]): Promise<Buffer> {
  const program = requireTool('skopeo');
  return new Promise((resolve, reject) => {
    // Whether images are signed is not asked here, so no machine's signature policy is.
    const all = ['--insecure-policy', ...args];
    execFile(
      program,
      all,
      { encoding: 'buffer', maxBuffer: outputLimit, timeout: timeoutMs },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`skopeo ${args.join(' ')}: ${stderr.toString().trim()}`, { cause: error }));
      },
    );
  });
}
