import { appendFileSync } from 'node:fs';

import { makeDemoImages, missingImage } from '../demo-images.js';
import { askFerry, runFerry, startFerryUp } from '../ferry-process.js';
import type { FerryUpProcess } from '../ferry-process.js';
import { startPlatform } from '../notification-platforms/platform-server.js';
import type { Platform } from '../notification-platforms/platform-server.js';
import { secondAct } from '../second-act.js';
import { dataFolder, setStage } from '../stage.js';
import type { Stage } from '../stage.js';
import { insertWantedRows } from '../wanted-rows.js';

export interface FilledStage {
  readonly stage: Stage;
  readonly up: FerryUpProcess;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  stop(): Promise<void>;
}

/** The demo's stage with `ferry up`, after both of its acts: images in every state, releases, a webhook. */
export async function fillStage(say: (text: string) => void): Promise<FilledStage> {
  const images = await makeDemoImages();
  const stage = await setStage(images);
  const { environment, proxy } = stage;
  const receiver = await addChannels(stage);
  const up = await startFerryUp(stage);
  const stop = async (): Promise<void> => {
    await up.stop();
    await receiver.stop();
    await stage.stop();
    stage.clear();
  };
  try {
    insertWantedRows(dataFolder(stage), proxy.host, images);
    const { repository, tag } = missingImage;
    await askFerry(['add', '--no-sync', `${proxy.host}/${repository}:${tag}`], environment);
    await askFerry(['add', '--no-sync', `${proxy.host}/team/missing:1`], environment);
    await askFerry(['add', '--no-sync', '--platform', 'all', `${proxy.host}/team/site:2.0`], environment);
    await runFerry(['sync', '--wait'], environment);
    const faults = await secondAct(stage, up, say);
    for (const fault of faults) say(fault);
    return { stage, up, url: `http://${up.httpServer() ?? ''}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Two channels of notifications: one that takes each message, and one that takes none. */
async function addChannels({ environment }: Stage): Promise<Platform> {
  const receiver = await startPlatform('/ops', ({ url }) => {
    const isAccepted = url.pathname === '/ops';
    return { status: isAccepted ? 200 : 403, body: '', isAccepted };
  });
  environment['OPS_URL'] = receiver.url;
  environment['TEAM_URL'] = new URL('/team', receiver.url).href;
  appendFileSync(
    environment['FERRY_CONFIG'] ?? '',
    [
      'notifications:',
      '  groupFor: 1s',
      '  channels:',
      '    ops: { kind: webhook, urlVariable: OPS_URL }',
      '    team: { kind: slack, urlVariable: TEAM_URL }',
      '',
    ].join('\n'),
  );
  return receiver;
}
