// The main job, on real parts, in under a minute: images go from one registry to two others through a real Temporal
// server and a database; the worker is killed on the way, and nothing is lost. `--keep` leaves it running.
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { crashDuringBigImage } from './crash.js';
import { bigRepository, makeDemoImages } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import { faultsOf } from './expectations.js';
import type { ParkedImage } from './expectations.js';
import { askFerry, runFerry, startFerryUp } from './ferry-process.js';
import type { FerryUpProcess } from './ferry-process.js';
import { printAddresses, printFindings, printParked } from './report.js';
import { secondAct } from './second-act.js';
import { dataFolder, setStage } from './stage.js';
import type { Stage } from './stage.js';
import { thirdAct } from './third-act.js';
import { verifyTargets } from './verify.js';
import { insertWantedRows, pushedRows } from './wanted-rows.js';

const began = performance.now();
let isInterrupted = false;

async function main(interruption: Promise<never>): Promise<boolean> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  say('making images: an index with attestations, 100 MB in five layers, two with names that fall together');
  const images = await makeDemoImages();
  say('starting a source registry throttled to 12 MB/s, and two targets');
  const stage = await setStage(images);
  let isRight = false;
  try {
    say('starting ferry up: Temporal server, database, worker');
    const up = await startFerryUp(stage);
    try {
      isRight = await Promise.race([allActs(stage, up, images), interruption]);
      if (values.keep) await keepRunning(stage, up, interruption);
      return isRight;
    } finally {
      say('stopping everything');
      await up.stop();
    }
  } finally {
    await stage.stop();
    if (isRight || isInterrupted) stage.clear();
    else console.log(`The logs are kept in ${stage.folder}`);
    say('nothing is left running');
  }
}

async function allActs(stage: Stage, up: FerryUpProcess, images: readonly DemoImage[]): Promise<boolean> {
  const first = await ferryOver(stage, up, images);
  say('second act: publishing releases, triggering schedules, requesting an image by webhook');
  const second = report(await secondAct(stage, up, say));
  say('third act: a compose file, from its images to a file that points at the mirror');
  const third = report(await thirdAct(stage, say));
  return first && second && third;
}

/** @returns whether nothing is wrong */
function report(faults: readonly string[]): boolean {
  for (const fault of faults) console.log(`NOT AS EXPECTED  ${fault}`);
  say(faults.length === 0 ? 'all as expected' : `not as expected: ${faults.length}`);
  return faults.length === 0;
}

async function ferryOver(stage: Stage, up: FerryUpProcess, images: readonly DemoImage[]): Promise<boolean> {
  const { environment, proxy } = stage;
  say('requesting the images: rows by plain SQL, as the older scripts do, and one by ferry add');
  insertWantedRows(dataFolder(stage), proxy.host, images);
  for (const { repository, tag, platforms, askedBy } of images) {
    const image = `${proxy.host}/${repository}:${tag}`;
    if (askedBy === 'command') await askFerry(['add', '--no-sync', '--platform', platforms.join(), image], environment);
  }
  const big = images.find(({ repository }) => repository === bigRepository);
  if (big === undefined) throw new Error(`${bigRepository} is not among the images`);

  say('ferry sync --wait');
  const syncing = runFerry(['sync', '--wait'], environment);
  const crash = await crashDuringBigImage(stage, up, big);
  say(`killed the worker (process ${crash.killedPid}) with SIGKILL after the second layer of ${bigRepository}`);
  const sync = await syncing;
  say(`the sync run was completed by the worker that ferry up restarted (process ${up.workerPid()})`);

  const rows = pushedRows(dataFolder(stage));
  const findings = await verifyTargets(stage, images, rows);
  const blocked = await askFerry<readonly ParkedImage[]>(['list', 'blocked'], environment);
  printFindings(stage, { findings, images, crash });
  printParked(stage, blocked);

  const faults = await faultsOf(stage, { images, findings, rows, blocked, crash, sync, workerPid: up.workerPid() });
  return report(faults);
}

async function keepRunning(stage: Stage, up: FerryUpProcess, interruption: Promise<never>): Promise<void> {
  printAddresses(stage, up);
  await interruption.catch(() => undefined);
}

/** A person who stops the demo wants its servers stopped, too: it ends by way of its `finally`s. */
async function interrupted(): Promise<never> {
  const signal = await Promise.race(
    ['SIGINT', 'SIGTERM', 'SIGHUP'].map(async (name) => (await once(process, name), name)),
  );
  isInterrupted = true;
  throw new Error(`stopped by ${signal}`);
}

function say(text: string): void {
  console.log(`[${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s] ${text}`);
}

const interruption = interrupted();
// Told where it is waited for.
interruption.catch(() => undefined);
try {
  process.exitCode = (await main(interruption)) ? 0 : 1;
} catch (error) {
  console.error(isInterrupted && error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// What was still asked of a server that is gone must not keep the demo from ending.
process.exit();
