import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { compileSources } from './compiled-sources.js';
import type { CompiledSources } from './compiled-sources.js';

/** Reads its work as JSON, does it with the registry client, and prints the results and what they cost. */
const script = `
import fs from 'node:fs';
import { copyImage, createRegistryClient, listTags, parseImageReference } from '@image-ferry/registry';
const { host, images, tags, target, withReferrers, platforms, answerMs } = JSON.parse(process.argv[2]);
const client = createRegistryClient({
  credentials: async () => undefined,
  trustedHosts: new Set([host, target]),
  timing: { backoffMs: 5, longestPauseMs: 100, idleMs: 400, answerMs: answerMs ?? 20_000, connectMs: 1_000 },
});
const began = performance.now();
const work = tags === undefined
  ? images.map((image, position) => copyImage(client, {
      source: parseImageReference(host + '/' + image),
      platforms: platforms ?? 'all',
      targets: [{ name: 'target', host: target, repository: 'mirror/' + position, tag: 'v1', manifestPolicy: 'keep', referrers: withReferrers }],
    }))
  : [listTags(client, { host, path: tags })];
const results = await Promise.allSettled(work);
const ms = performance.now() - began;
client.close();
const told = results.map(({ value, reason }) => {
  if (reason !== undefined) return reason.code === undefined ? String(reason.stack) : reason.code + ', ' + reason.decision + ': ' + reason.message;
  if (Array.isArray(value)) return value.length + ' tags';
  return value.failures.map(({ failure }) => failure.code + ', ' + failure.decision + ': ' + failure.message).join() || 'copied';
});
console.log(JSON.stringify({ told, ms, cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000, peakBytes: peakKilobytes() * 1024 }));
process.exit(0);

// Linux counts the memory of the process that started this one into maxRSS.
function peakKilobytes() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/VmHWM:\\s+(\\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
}
`;

/** The work of a separate process with a registry. */
export interface RegistryWork {
  /** Host of the source. */
  readonly host: string;
  /** Host of the target. */
  readonly target: string;
  /** Copied concurrently: `team/app:v1`. */
  readonly images?: readonly string[];
  readonly withReferrers?: boolean;
  readonly platforms?: readonly { readonly os: string; readonly architecture: string }[];
  readonly answerMs?: number;
  /** A repository whose tags are listed instead. */
  readonly tags?: string;
}

export interface MeasuredWork {
  /** For each image: `copied`, or code, decision and reason. */
  readonly told: readonly string[];
  readonly ms: number;
  /** Processor time of the process. */
  readonly cpuMs: number;
  /** The most memory that the process held (its resident set). */
  readonly peakBytes: number;
}

export interface RegistryProcesses {
  measure(work: RegistryWork): Promise<MeasuredWork>;
  remove(): void;
}

/** Runs the current registry client in separate processes, so that only its own memory is measured. */
export function registryProcesses(): RegistryProcesses {
  const compiled: CompiledSources = compileSources([]);
  const path = join(compiled.folder, 'measured-work.js');
  writeFileSync(path, script);
  return {
    async measure(work) {
      const { stdout } = await promisify(execFile)(process.execPath, [path, JSON.stringify(work)], {
        timeout: 60_000,
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      return JSON.parse(stdout) as MeasuredWork;
    },
    remove: () => compiled.remove(),
  };
}
