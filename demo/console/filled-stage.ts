import { appendFileSync } from 'node:fs';

import { makeDemoImages, missingImage } from '../demo-images.js';
import { askFerry, runFerry, startFerryUp } from '../ferry-process.js';
import type { FerryUpProcess } from '../ferry-process.js';
import { pushImage, readManifest } from '../image-exchange.js';
import { makeImage } from '../make-images.js';
import { startPlatform } from '../notification-platforms/platform-server.js';
import type { Platform } from '../notification-platforms/platform-server.js';
import { registryRequest } from '../registry-request.js';
import type { RegistryServer } from '../registry-server.js';
import { secondAct } from '../second-act.js';
import { aliyunNamespace, dataFolder, setStage } from '../stage.js';
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
    await loseAndHold(stage);
    return { stage, up, url: `http://${up.httpServer() ?? ''}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One image that no registry has any more, one that only a target lost, a tag that a rollback holds, and a paused schedule. */
async function loseAndHold({ source, proxy, targets, environment }: Stage): Promise<void> {
  const { aliyun, private: own } = targets;
  const ferry = async (...args: string[]): Promise<void> => void (await runFerry(args, environment));
  const again = await makeImage({ name: 'tool-again', layers: [500_000] });
  await pushImage(source, { image: again, repository: 'beta/tool', tag: '1' });
  await ferry('retry', `${proxy.host}/beta/tool:1`);
  await ferry('sync', '--wait');
  await ferry('rollback', `${proxy.host}/beta/tool:1`, '--target', 'private');

  const lost = await readManifest(source, 'langgenius/dify-web', '1.10.0');
  for (const [registry, repository] of [
    [source, 'langgenius/dify-web'],
    [aliyun, `${aliyunNamespace}/dify-web`],
    [own, 'langgenius/dify-web'],
  ] as const) {
    await deleteManifest(registry, repository, lost?.digest ?? '');
  }
  await deleteManifest(aliyun, `${aliyunNamespace}/asked`, '3');
  await ferry('audit', '--deep', '--wait');
  await ferry('schedules', 'pause', 'fetch-dify');
}

/** @param reference a tag alone, or a digest with its tags */
async function deleteManifest(registry: RegistryServer, repository: string, reference: string): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`;
  await registryRequest(registry, { method: 'DELETE', path, expected: [202] });
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
