// The main job, on real parts, in under a minute: images go from one registry to two others through a real Temporal
// server and a database; the worker is killed on the way, and nothing is lost. `--keep` leaves it running.
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { crashDuringBigImage } from './crash.js';
import type { Crash } from './crash.js';
import { bigRepository, makeDemoImages, missingImage } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import { askFerry, runFerry, startFerryUp } from './ferry-process.js';
import type { FerryUpProcess } from './ferry-process.js';
import { blobsOf } from './make-images.js';
import { setStage, targetNames } from './stage.js';
import type { Stage } from './stage.js';
import { megabytes, printTable } from './table.js';
import { judge, resentLayers, verifyTargets } from './verify.js';
import type { Finding } from './verify.js';
import { insertWantedRows, pushedRows } from './wanted-rows.js';

const began = performance.now();

interface ParkedImage {
  readonly image: string;
  readonly reason: string;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  say('making images: an index with attestations, 100 MB in five layers, two with names that fall together');
  const images = await makeDemoImages();
  say('starting a source registry behind a road of 20 MB/s, and two targets');
  const stage = await setStage(images);
  try {
    say('starting ferry up: Temporal server, database, worker');
    const up = await startFerryUp(stage.folder, stage.environment);
    try {
      const isRight = await ferryOver(stage, up, images);
      if (values.keep) await keepRunning(stage, up);
      return isRight;
    } finally {
      await up.stop();
    }
  } finally {
    await stage.stop();
    stage.clear();
    say('everything is stopped');
  }
}

async function ferryOver(stage: Stage, up: FerryUpProcess, images: readonly DemoImage[]): Promise<boolean> {
  const { environment, road } = stage;
  say('asking for the images: rows by plain SQL, as the older scripts do, and one by ferry add');
  insertWantedRows(dataFolder(stage), road.host, images);
  for (const { repository, tag, platforms, askedBy } of images) {
    const image = `${road.host}/${repository}:${tag}`;
    if (askedBy === 'command') await askFerry(['add', '--no-sync', '--platform', platforms.join(), image], environment);
  }

  say('ferry sync --wait');
  // Its status is 1: something was parked, and that is what the missing tag is there for.
  const syncing = runFerry(['sync', '--wait'], environment);
  const big = images.find(({ repository }) => repository === bigRepository);
  if (big === undefined) throw new Error('the big image is not among the images');
  const crash = await crashDuringBigImage(stage, up, big);
  say(`killed the worker (process ${crash.killedPid}) with SIGKILL after the second layer of ${bigRepository}`);
  const sync = await syncing;
  say(`the sync is over, by the worker that ferry up started instead (process ${up.workerPid()})`);

  const findings = await verifyTargets(stage, images, pushedRows(dataFolder(stage)));
  const parked = await askFerry<readonly ParkedImage[]>(['list', 'parked'], environment);
  console.log();
  printFindings(stage, { findings, images, crash });
  console.log('\nParked, until a person acts:');
  printTable(
    ['IMAGE', 'WHY'],
    parked.map(({ image, reason }) => [shortName(stage, image), reason]),
  );

  const faults = [
    ...findings.flatMap(({ image, target, faults: found }) => found.map((fault) => `${image} on ${target}: ${fault}`)),
    ...(await resentLayers(stage, crash)),
    ...sourceFaults(stage, { images, crash }),
    ...parkedFaults(stage, parked),
    ...(sync.status === 1
      ? []
      : [`ferry sync --wait ended with ${sync.status}, expected 1:\n${sync.errors}${sync.output}`]),
    ...(up.workerPid() === crash.killedPid ? ['ferry up started no other worker'] : []),
  ];
  console.log();
  for (const fault of faults) console.log(`NOT AS EXPECTED  ${fault}`);
  say(faults.length === 0 ? 'all as expected' : `${faults.length} things are not as expected`);
  return faults.length === 0;
}

function printFindings(
  stage: Stage,
  { findings, images, crash }: { findings: readonly Finding[]; images: readonly DemoImage[]; crash: Crash },
): void {
  const read = (name: string): string => {
    const image = images.find(({ repository, tag }) => `${repository}:${tag}` === name);
    return megabytes(image === undefined ? 0 : bytesReadOf(stage, image));
  };
  const skipped = ({ image, target }: Finding): string => {
    if (!image.startsWith(`${bigRepository}:`)) return '-';
    return megabytes(crash.complete[target].reduce((total, { size }) => total + size, 0));
  };
  printTable(
    ['IMAGE', 'PLATFORM', 'TARGET', 'DIGEST', 'VERIFIED', 'READ FROM SOURCE', 'SKIPPED AFTER THE CRASH'],
    findings.map((finding) => [
      finding.image,
      finding.platforms,
      finding.target,
      finding.digest.slice(0, 19),
      finding.faults.length === 0 ? `yes, ${judge}` : 'NO',
      // One read feeds both targets, so it is told once.
      finding.target === targetNames[0] ? read(finding.image) : 'the same',
      skipped(finding),
    ]),
  );
}

function bytesReadOf(stage: Stage, { made }: DemoImage): number {
  const digests = new Set<string>(blobsOf(made).map(({ digest }) => digest));
  return stage.road
    .reads()
    .filter(({ digest }) => digests.has(digest))
    .reduce((total, { bytes }) => total + bytes, 0);
}

/** One read for both targets, and none again for what both had when the worker was killed. */
function sourceFaults(stage: Stage, { images, crash }: { images: readonly DemoImage[]; crash: Crash }): string[] {
  const onBoth = crash.complete.aliyun.filter((layer) => crash.complete.private.includes(layer));
  const done = new Set<string>(onBoth.map(({ digest }) => digest));
  return images.flatMap(({ made, repository }) =>
    made.blobs.concat(made.children.flatMap(blobsOf)).flatMap(({ digest, size }) => {
      const read = stage.road.reads().find((candidate) => candidate.digest === digest)?.bytes ?? 0;
      const mayBeReadAgain = repository === bigRepository && !done.has(digest);
      // What was on its way when the worker was killed is read once more; small blobs are shared by images.
      const limit = mayBeReadAgain ? 2 * size : size;
      return read > limit && size > 1000
        ? [`${read} bytes of ${repository} ${digest} were read from the source, ${size} are enough`]
        : [];
    }),
  );
}

function parkedFaults(stage: Stage, parked: readonly ParkedImage[]): string[] {
  const expected = `${stage.road.host}/${missingImage.repository}:${missingImage.tag}`;
  const found = parked.map(({ image }) => image);
  if (found.length === 1 && found[0] === expected) return [];
  return [`parked are ${found.join(', ') || 'none'}, expected ${expected} alone`];
}

async function keepRunning(stage: Stage, up: FerryUpProcess): Promise<void> {
  console.log('\nStill running, until Ctrl-C:');
  printTable(
    ['WHAT', 'WHERE'],
    [
      ['source', `${stage.road.url} (slow), ${stage.source.url}`],
      ...targetNames.map((target) => {
        const { url, credentials } = stage.targets[target];
        return [target, `${url}${credentials === undefined ? '' : `, ${credentials.user} / ${credentials.password}`}`];
      }),
      ['data, logs', dataFolder(stage)],
      ['ferry up says', up.logPath],
    ],
  );
  console.log(`\nexport FERRY_DATA_DIR=${dataFolder(stage)} FERRY_CONFIG=${stage.environment['FERRY_CONFIG']}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

function dataFolder({ environment }: Stage): string {
  return environment['FERRY_DATA_DIR'] ?? '';
}

function shortName({ road }: Stage, image: string): string {
  return image.replace(`${road.host}/`, '');
}

function say(text: string): void {
  console.log(`[${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s] ${text}`);
}

process.exitCode = (await main()) ? 0 : 1;
