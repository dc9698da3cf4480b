import { fileURLToPath } from 'node:url';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { wayNames } from '../http/ways.js';
import type { WayName } from '../http/ways.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import { withRegistries } from '../registries.js';
import type { Entry, Goal, Run, Scenario } from '../scenario.js';
import { median, megabyte } from '../statistics.js';

const program = fileURLToPath(new URL('../http/client.js', import.meta.url));
const blobMegabytes = 150;
const reads = 8;
const readsAtOnce = 3;
const heads = 6000;
const headsAtOnce = 8;

/** Own HTTP code is kept when it needs less than this share of the wall time or of the peak memory of undici. */
const mostOfWall = 0.9;
const mostOfMemory = 2 / 3;

const titles: Readonly<Record<WayName, string>> = {
  ferry: "the ferry's transport",
  node: "Node's client",
  undici: 'undici, dispatch',
};

/** Own HTTP code against undici: what decides whether it stays. Only run when named. */
export const httpClients: readonly Scenario[] = [true, false].flatMap((tls) => [
  comparison('body', tls),
  comparison('heads', tls),
]);

function comparison(kind: 'body' | 'heads', tls: boolean): Scenario {
  const proxy = tls ? 'tls' : 'plain';
  return {
    name: `http-${kind}-${proxy}`,
    async run({ attempts, scale }) {
      const image = await makeImage({ name: 'http', layers: [Math.round(blobMegabytes * megabyte * scale)] });
      const [layer] = [...image.blobs].sort((a, b) => b.size - a.size);
      const entries = await withRegistries({ targets: 0, tls }, async ({ source, caFile }) => {
        await pushImage(source, { image, repository: 'bench/http', tag: 'v1' });
        const path = kind === 'body' ? `blobs/${layer?.digest ?? ''}` : 'manifests/v1';
        const work = kind === 'body' ? [reads, readsAtOnce] : [Math.ceil(heads * scale), headsAtOnce];
        const args = [kind, ...work.map(String), `${source.url}/v2/bench/http/${path}`];
        return await race(args, attempts, caFile);
      });
      return {
        title: kind === 'body' ? `Reading blobs, ${proxy}` : `HEAD of a manifest, ${proxy}`,
        setting:
          kind === 'body'
            ? `${reads} reads of ${Math.round(blobMegabytes * scale)} MB, ${readsAtOnce} at once, each hashed.`
            : `${Math.ceil(heads * scale)} requests, ${headsAtOnce} at once.`,
        entries,
        goals: [isWorthKeeping(entries)],
      };
    },
  };
}

/** All ways in each attempt, in turn first. */
async function race(args: readonly string[], attempts: number, caFile?: string): Promise<readonly Entry[]> {
  const entries = wayNames.map((way) => ({ way, name: titles[way], runs: [] as Run[] }));
  const env: Record<string, string> = caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const first = attempt % entries.length;
    for (const { way, name, runs } of [...entries.slice(first), ...entries.slice(0, first)]) {
      const invocation = { program: process.execPath, args: [program, way, ...args], env };
      const measured = await measure([invocation], { atOnce: 1 });
      sayRun(name, attempt, measured);
      runs.push(measured);
    }
  }
  return entries;
}

/** Medians of the ratios of runs of one attempt. */
function isWorthKeeping(entries: readonly Entry[]): Goal {
  const text = `the ferry's transport needs less than ${mostOfWall} of undici's time or ${mostOfMemory.toFixed(2)} of its memory`;
  const [ferry, , undici] = entries;
  const ratio = (field: 'wallMs' | 'cpuMs' | 'peakBytes'): number =>
    median(
      (ferry?.runs ?? []).map(
        (run, attempt) => (run[field] ?? Number.NaN) / (undici?.runs[attempt]?.[field] ?? Number.NaN),
      ),
    );
  const [cpu, wall, memory] = [ratio('cpuMs'), ratio('wallMs'), ratio('peakBytes')];
  return {
    text,
    found: `CPU ${cpu.toFixed(2)}, time ${wall.toFixed(2)}, memory ${memory.toFixed(2)}`,
    met: wall < mostOfWall || memory < mostOfMemory,
  };
}
