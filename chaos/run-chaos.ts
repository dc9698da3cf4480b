import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Connection } from 'mysql2/promise';

import { pushImage } from '../demo/image-exchange.js';
import { blobsOf } from '../demo/make-images.js';
import type { MadeManifest } from '../demo/make-images.js';
import { makeContent } from './make-content.js';
import { planFaults } from './plan/plan-faults.js';
import { planImages } from './plan/plan-images.js';
import type { PlannedImage } from './plan/plan-images.js';
import { planRequests } from './plan/plan-requests.js';
import { playFaults, recoverAll } from './play-faults.js';
import type { PlayedFault } from './play-faults.js';
import { nameOf, sendRequests } from './requests/send-requests.js';
import type { SentRequests } from './requests/send-requests.js';
import { settle } from './settle.js';
import type { Settled } from './settle.js';
import { connectToDatabase } from './stage/database-connection.js';
import { untilServicesAnswer } from './stage/probes.js';
import { makeStage } from './stage/stage.js';
import type { ChaosStage } from './stage/stage.js';
import { startStage } from './stage/start-stage.js';
import { stopStage } from './stage/stop-stage.js';
import { timelineIn } from './timeline.js';
import { awayTimes } from './verify/away-times.js';
import { expectedImages } from './verify/expected-images.js';
import { verifyImages } from './verify/verify-images.js';
import { untilReported, verifyMessages } from './verify/verify-messages.js';
import type { VerifiedMessages } from './verify/verify-messages.js';
import { verifyRows } from './verify/verify-rows.js';
import { verifyTransfers } from './verify/verify-transfers.js';
import type { TransferFigures } from './verify/verify-transfers.js';
import type { Violation } from './verify/violation.js';

export interface ChaosOptions {
  readonly seed: number;
  /** Of faults; starting, settling and verifying come on top. */
  readonly seconds: number;
  readonly images: number;
  readonly killEverySeconds: number;
  readonly settleSeconds: number;
  readonly lineBytesPerSecond: number;
  /** Keeps the folder also when every promise was kept. */
  readonly keep: boolean;
  readonly print: (line: string) => void;
}

export interface ChaosResult {
  readonly violations: readonly Violation[];
  readonly faults: readonly PlayedFault[];
  readonly sent: SentRequests;
  readonly settled: Settled;
  readonly images: number;
  readonly verified: { readonly blobs: number; readonly bytes: number };
  readonly transfers: TransferFigures;
  readonly messages: Omit<VerifiedMessages, 'violations'>;
  /** Parts that ended early, and how: a worker without a database does that, and is started again. */
  readonly unexpectedEnds: readonly string[];
  readonly folder: string;
  readonly timeline: string;
}

/** The ends of incidents are reported within the pauses of their workflow. */
const reportMs = 60_000;

/** Runs the ferry through planned faults while images are requested, waits until it has done everything, and verifies it. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, seconds } = options;
  const images = planImages(seed, options.images);
  const faults = planFaults(options);
  const steps = planRequests(seed, seconds, images);
  const made = await makeContent(images);
  const sizes = sizesOf(made);

  const folder = mkdtempSync(join(tmpdir(), 'ferry-chaos-'));
  const timeline = timelineIn(folder, options.print);
  const unexpectedEnds: string[] = [];
  const targetBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const stage = await makeStage(
    { folder, lineBytesPerSecond: options.lineBytesPerSecond, targetBytes },
    {
      onUnexpectedEnd(part, how) {
        unexpectedEnds.push(`${part}: ${how}`);
        timeline.say(`${part} ended early with ${how}`);
      },
    },
  );
  const own = { ...options, stage, timeline, made };
  let isKept = true;
  try {
    timeline.say(`seed ${seed}; everything is in ${stage.folder}`);
    await startStage(stage, { timeline, fill: async () => await pushAll(stage, made) });
    timeline.say(`${images.length} images are on the sources; the faults begin`);
    const requests = new AbortController();
    const sending = sendRequests(steps, { ...own, signal: requests.signal });
    const playing = new AbortController();
    sending.catch(() => playing.abort());
    const epoch = Date.now() - timeline.now();
    const played = await playFaults(stage, faults, { timeline, signal: playing.signal });
    await recoverAll(stage);
    timeline.say('no more faults');
    await untilServicesAnswer(stage);
    const giveUp = setTimeout(() => requests.abort(), options.settleSeconds * 500);
    const sent = await sending;
    clearTimeout(giveUp);

    const sql = await connectToDatabase(stage.database);
    const settled = await settle({ stage, sql, timeline, withinMs: options.settleSeconds * 1000 });
    timeline.say(
      (await untilReported(sql, reportMs)) ? 'verifying' : 'verifying, although a notification is still to be sent',
    );
    const verified = await verifyAll({ ...own, sent, settled, sql, sizes, away: awayTimes(played, 'database', epoch) });
    sql.destroy();
    const left = await stopStage(stage, timeline);
    const violations = [...verified.violations, ...left];
    for (const { promise, text } of violations) timeline.say(`VIOLATION (${promise}) ${text}`);
    isKept = options.keep || violations.length > 0;
    return {
      ...verified,
      violations,
      faults: played,
      sent,
      settled,
      images: images.length,
      unexpectedEnds,
      folder: stage.folder,
      timeline: timeline.path,
    };
  } finally {
    await stopStage(stage, timeline);
    await stage.close();
    if (!isKept) stage.clear();
  }
}

async function verifyAll({
  stage,
  sql,
  sent,
  settled,
  made,
  sizes,
  away,
}: {
  readonly stage: ChaosStage;
  readonly sql: Connection;
  readonly sent: SentRequests;
  readonly settled: Settled;
  readonly made: ReadonlyMap<PlannedImage, readonly MadeManifest[]>;
  readonly sizes: ReadonlyMap<string, number>;
  readonly away: readonly (readonly [number, number])[];
}): Promise<Pick<ChaosResult, 'violations' | 'verified' | 'transfers' | 'messages'>> {
  const expected = await expectedImages(sql, { stage, sent, made });
  const found = await verifyImages(stage.registries, expected.images);
  const transfers = await verifyTransfers(stage, { sizes, databaseAway: away });
  const messages = await verifyMessages(sql, stage.platforms);
  const violations: Violation[] = [
    ...sent.refusals.map((text): Violation => ({ promise: 'refused', text })),
    ...sent.unaccepted.map(({ way, images }): Violation => {
      return { promise: 'accepted', text: `${way}: ${images.map(nameOf).join(' ')}` };
    }),
    ...(settled.isIdle
      ? []
      : [{ promise: 'idle', text: `not idle after ${Math.round(settled.seconds)} s: ${settled.said}` } as const]),
    ...expected.violations,
    ...found.violations,
    ...(await verifyRows(sql)),
    ...transfers.violations,
    ...messages.violations,
  ];
  return { violations, verified: found, transfers: transfers.figures, messages };
}

/** Every version is there from the start, so that a move of a tag is one request; but nothing of late images. */
async function pushAll(stage: ChaosStage, made: ReadonlyMap<PlannedImage, readonly MadeManifest[]>): Promise<void> {
  for (const [{ source, repository, tag, isLate }, versions] of made) {
    if (isLate) continue;
    // The first one last: the tag points to it.
    for (const image of versions.toReversed()) await pushImage(stage.registries[source], { image, repository, tag });
  }
}

function sizesOf(made: ReadonlyMap<PlannedImage, readonly MadeManifest[]>): ReadonlyMap<string, number> {
  const blobs = [...made.values()].flat().flatMap(blobsOf);
  return new Map(blobs.map(({ digest, size }) => [digest, size]));
}
