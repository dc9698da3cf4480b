/**
 * `npm run bench`: one image from one registry to two others, by the ferry and by every peer on PATH (skopeo, crane,
 * regctl; FERRY_CRANE and FERRY_REGCTL name them elsewhere), over plain HTTP and over TLS, in one run. Only ratios within
 * a run mean anything: times differ from machine to machine. `--rounds N` (default 3), `--scale N` (default 1: 640 MB).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasBlob, pushImage, readManifest } from '../demo/image-exchange.js';
import { blobsOf, makeImage } from '../demo/make-images.js';
import type { MadeManifest } from '../demo/make-images.js';
import { startRegistry } from '../demo/registry-server.js';
import type { RegistryServer } from '../demo/registry-server.js';
import { selfSignedCertificate } from '../demo/self-signed-certificate.js';
import { findContestants } from './contestants.js';
import type { Contestant, Route } from './contestants.js';
import { measure } from './measure.js';
import type { Measurement } from './measure.js';

const megabyte = 1_000_000;
const layerMegabytes = [20, 20, 20, 40, 60, 100, 150, 200];
const repository = 'bench/image';

interface Result extends Measurement {
  /** Bytes of blobs that the source sent. */
  readonly sourceBytes: number;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } },
});
const rounds = Number(values.rounds);
const layers = layerMegabytes.map((size) => Math.round(size * megabyte * Number(values.scale)));

const contestants = findContestants();
console.log(`image: ${layers.length} layers, ${sum(layers) / megabyte} MB; ${rounds} rounds, order shuffled, medians`);
const image = await makeImage({ name: 'bench', layers });
for (const tls of [false, true]) await bench(tls, image);

async function bench(tls: boolean, made: MadeManifest): Promise<void> {
  // One certificate for all: several of the same name in one file confuse OpenSSL.
  const certificate = tls ? selfSignedCertificate() : undefined;
  const options = { kind: 'distribution', ...(certificate === undefined ? {} : { tls: certificate }) } as const;
  const servers = await Promise.all([startRegistry(options), startRegistry(options), startRegistry(options)]);
  const folder = mkdtempSync(join(tmpdir(), 'ferry-bench-'));
  try {
    const [source, ...targets] = servers as [RegistryServer, ...RegistryServer[]];
    await pushImage(source, { image: made, repository, tag: 'v1' });
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, certificate?.cert ?? '');
    const route: Route = {
      source: `${source.host}/${repository}:v1`,
      targets: targets.map(({ host }) => `${host}/${repository}:v1`),
      ...(tls ? { caFile } : {}),
    };

    const results = new Map<Contestant, Result[]>(contestants.map((contestant) => [contestant, []]));
    for (let round = 0; round < rounds; round++) {
      for (const contestant of shuffled(contestants)) {
        results.get(contestant)?.push(await runOnce(contestant, { route, source, targets, made }));
      }
    }
    print(tls ? 'TLS' : 'plain HTTP', results);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runOnce(
  contestant: Contestant,
  {
    route,
    source,
    targets,
    made,
  }: {
    readonly route: Route;
    readonly source: RegistryServer;
    readonly targets: readonly RegistryServer[];
    readonly made: MadeManifest;
  },
): Promise<Result> {
  for (const { storagePath } of targets) rmSync(join(storagePath, 'docker'), { recursive: true, force: true });
  const before = await blobBytes(source);
  const measured = await measure(contestant, route);
  for (const target of targets) await verify(target, made, contestant.name);
  return { ...measured, sourceBytes: (await blobBytes(source)) - before };
}

/** A run counts only when both targets have the digest and every blob. */
async function verify(target: RegistryServer, made: MadeManifest, name: string): Promise<void> {
  const manifest = await readManifest(target, repository, 'v1');
  if (manifest?.digest !== made.digest) throw new Error(`${name} left another digest at ${target.host}`);
  for (const { digest } of blobsOf(made)) {
    if (!(await hasBlob(target, repository, digest))) throw new Error(`${name} left ${digest} out at ${target.host}`);
  }
}

async function blobBytes(source: RegistryServer): Promise<number> {
  const requests = await source.requests();
  return sum(
    requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')).map(({ bytes }) => bytes),
  );
}

function print(title: string, results: ReadonlyMap<Contestant, readonly Result[]>): void {
  const rows = [...results].map(([{ name, version }, runs]) => ({
    name: `${name} (${version})`,
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    peakBytes: Math.max(...runs.map(({ peakBytes }) => peakBytes ?? 0)),
    sourceBytes: median(runs.map(({ sourceBytes }) => sourceBytes)),
  }));
  const fastestPeer = Math.min(...rows.slice(1).map(({ wallMs }) => wallMs));
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`\n${title}`);
  console.log(`${''.padEnd(width)}  seconds  to fastest peer  source read  peak memory`);
  for (const { name, wallMs, peakBytes, sourceBytes } of rows) {
    const ratio = Number.isFinite(fastestPeer) ? `${(wallMs / fastestPeer).toFixed(2)}×` : 'no peer';
    const cells = [
      (wallMs / 1000).toFixed(2).padStart(7),
      ratio.padStart(15),
      `${(sourceBytes / sum(layers)).toFixed(1)}×`.padStart(11),
      `${(peakBytes / megabyte).toFixed(0)} MB`.padStart(11),
    ];
    console.log(`${name.padEnd(width)}  ${cells.join('  ')}`);
  }
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
