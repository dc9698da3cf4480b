import { pushImage } from '../../demo/image-exchange.js';
import type { LineConditions } from '../../demo/line/line.js';
import { longestChain } from '../../demo/line/round-trips.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { startNginxFront } from '../../demo/nginx-front.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { ferry, findPeers, sideBySide } from '../contestants.js';
import type { Contestant, Route } from '../contestants.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import { empty, verifyArrival, withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import type { Entry, Goal, Run, Scenario } from '../scenario.js';
import { shuffled, sum } from '../statistics.js';
import { clearLines, countsOf, exchangesOf, noteOnLines, withLines } from './lines.js';
import type { Lines } from './lines.js';

/** One image that the ferry and each peer bring over simulated lines. */
export interface LineCase {
  readonly name: string;
  readonly title: string;
  /** What moves over which lines, in a sentence. */
  readonly setting: string;
  readonly image: (scale: number) => Promise<MadeManifest>;
  /** Each registry has a line of its own. */
  readonly source: LineConditions;
  readonly target: LineConditions;
  readonly targets: number;
  readonly targetKind?: RegistryServer['kind'];
  /** nginx between the line and the registry, with its default settings. */
  readonly nginx?: boolean;
  /** The target has the image already. */
  readonly isThere?: boolean;
  /** Where the line alone sets the time of the peers: they run once. */
  readonly peersOnce?: boolean;
  /** Round trips that a copy cannot do without, ms. */
  readonly roundTripsMs: number;
  /** One blob may use several connections of the source's line. */
  readonly splitsBlobs?: boolean;
  readonly goals: (found: {
    readonly entries: readonly Entry[];
    readonly boundMs: number;
    readonly bytes: number;
  }) => readonly Goal[];
}

const repository = 'bench/line';
const tag = 'v1';
const mostRuns = 3;
/** Nothing here takes this long; a program that does has lost its way. */
const limitMs = 10 * 60_000;

export function lineCase(options: LineCase): Scenario {
  const { name, title, targets, targetKind = 'distribution', peersOnce = false, isThere = false } = options;
  return {
    name,
    async run({ attempts, scale }) {
      const image = await options.image(scale);
      const bytes = sum(image.blobs.map(({ size }) => size));
      const boundMs = isThere ? options.roundTripsMs : boundOf(image, options);
      const peers = findPeers().map((peer) => ({ ...sideBySide(peer), ...(peersOnce ? { mostRounds: 1 } : {}) }));
      const { entries, busiest } = await withRegistries({ targets, targetKind }, (registries) =>
        raceOverLines(registries, [ferry(), ...peers], {
          ...options,
          made: image,
          attempts: Math.min(attempts, mostRuns),
        }),
      );
      return {
        title,
        setting: `${options.setting} The lines alone need ${(boundMs / 1000).toFixed(1)} s.`,
        entries,
        goals: options.goals({ entries, boundMs, bytes }),
        notes: [noteOnLines(busiest)],
      };
    },
  };
}

/** What the lines alone need: the slower one of reading and sending, and the round trips before and after. */
function boundOf({ blobs }: MadeManifest, { source, target, splitsBlobs = false, roundTripsMs }: LineCase): number {
  const total = sum(blobs.map(({ size }) => size));
  const largest = Math.max(...blobs.map(({ size }) => size));
  const msOf = ({ bytesPerSecond: { connection = Infinity, line = Infinity } = {} }: LineConditions, most: number) =>
    Math.max(total / line, most / connection) * 1000;
  return Math.max(msOf(source, splitsBlobs ? 0 : largest), msOf(target, largest)) + roundTripsMs;
}

interface RaceOptions extends LineCase {
  readonly made: MadeManifest;
  readonly attempts: number;
}

/** Every contestant brings the image from the source to all targets, in a new order each time. */
async function raceOverLines(
  registries: Registries,
  contestants: readonly Contestant[],
  options: RaceOptions,
): Promise<{ readonly entries: readonly Entry[]; readonly busiest: number }> {
  const { made: image, nginx = false } = options;
  await pushImage(registries.source, { image, repository, tag });
  const fronts = nginx
    ? await Promise.all(
        registries.targets.map((target) => startNginxFront(target, { bodyLimit: '0', requestBuffering: true })),
      )
    : [];
  try {
    const ends = { source: registries.source, targets: nginx ? fronts : registries.targets };
    return await withLines(ends, options, async (lines) => {
      const runs = new Map<Contestant, Run[]>(contestants.map((contestant) => [contestant, []]));
      let busiest = 0;
      for (let attempt = 0; attempt < options.attempts; attempt++) {
        for (const contestant of shuffled(contestants)) {
          if (attempt >= (contestant.mostRounds ?? options.attempts)) continue;
          await clearLines(lines);
          await prepare(registries, options);
          const run = await runOnce(registries, lines, contestant, options);
          sayRun(contestant.name, attempt, run.run);
          busiest = Math.max(busiest, run.busiest);
          runs.get(contestant)?.push(run.run);
        }
      }
      return { entries: contestants.map(({ name }, n) => ({ name, runs: [...runs.values()][n] ?? [] })), busiest };
    });
  } finally {
    await Promise.all(fronts.map((front) => front.stop()));
  }
}

async function prepare({ targets }: Registries, { made: image, isThere = false }: RaceOptions): Promise<void> {
  for (const target of targets) {
    if (isThere) await pushImage(target, { image, repository, tag });
    else empty(target);
  }
}

async function runOnce(
  { targets }: Registries,
  lines: Lines,
  contestant: Contestant,
  { made: image, source, target }: RaceOptions,
): Promise<{ readonly run: Run; readonly busiest: number }> {
  const route: Route = {
    source: `${lines.source.host}/${repository}:${tag}`,
    targets: lines.targets.map(({ host }) => `${host}/${repository}:${tag}`),
  };
  const { invocations, atOnce } = contestant.work(route);
  const measured = await measure(invocations, { atOnce, mayFail: true, limitMs });
  const { read, sent, busiest } = await countsOf(lines);
  if (measured.failure === undefined) {
    for (const registry of targets) await verifyArrival(registry, { image, repository, tag, by: contestant.name });
  }
  // Where bytes take their time, round trips wait for bytes.
  const isLimited = [source, target].some(({ bytesPerSecond }) => bytesPerSecond !== undefined);
  const chain = isLimited ? [] : longestChain(await exchangesOf(lines), source.roundTripMs ?? 0);
  return {
    run: {
      ...measured,
      sourceBytes: read,
      targetBytes: Math.max(...sent),
      ...(chain.length === 0 ? {} : { roundTrips: chain.length }),
    },
    busiest,
  };
}
