import type { DemoImage } from './demo-images.js';
import { askFerry } from './ferry-process.js';
import type { FerryUpProcess } from './ferry-process.js';
import { pushImage } from './image-exchange.js';
import { makeImage } from './make-images.js';
import { printNews } from './report.js';
import { apiToken, dataFolder, xinferenceRepository } from './stage.js';
import type { Stage } from './stage.js';
import { verifyTargets } from './verify.js';
import { pushedRows, untilPushed } from './wanted-rows.js';

const layerBytes = 400_000;
const dify = { repository: 'langgenius/dify', file: 'docker/docker-compose.yaml' } as const;

/** Images that no user requests by name: two releases and a webhook request them. */
const news = [
  { repository: 'langgenius/dify-api', tag: '1.10.0', why: 'Dify 1.10.0, service api (was 1.9.2)' },
  { repository: 'langgenius/dify-web', tag: '1.10.0', why: 'Dify 1.10.0, service web (was 1.9.2)' },
  { repository: 'langgenius/dify-plugin-daemon', tag: '0.4.0', why: 'Dify 1.10.0, a new service' },
  { repository: xinferenceRepository, tag: 'v1.11.0.post1', why: 'Xinference v1.11.0.post1' },
  { repository: 'team/asked', tag: '3', why: 'webhook add-image' },
] as const;

/** Publishes releases, triggers the schedules, sends a webhook. @returns what is not as it should be, a sentence each */
export async function secondAct(
  stage: Stage,
  up: FerryUpProcess,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const images = await publish(stage);
  announce(stage);

  await askFerry(['schedules', 'trigger', 'fetch-dify', 'fetch-xinference'], stage.environment);
  const status = await sendWebhook(stage, up);
  say(`the webhook was answered with ${status}; waiting for ${news.length} images on both targets`);
  await untilPushed(stage, news);

  const rows = pushedRows(dataFolder(stage));
  const findings = await verifyTargets(stage, images, rows);
  printNews(findings, new Map(news.map(({ repository, tag, why }) => [`${repository}:${tag}`, why])));
  const left = rows.filter(({ image }) => image.startsWith('langgenius/dify-sandbox')).map(({ name }) => name);
  return [
    ...findings.flatMap(({ image, target, faults }) => faults.map((fault) => `${image} on ${target}: ${fault}`)),
    ...left.map((name) => `${name} was copied, although it is the same in both releases`),
    ...(status === 204 ? [] : [`the webhook was answered with ${status}, expected 204`]),
  ];
}

async function publish({ source }: Stage): Promise<readonly DemoImage[]> {
  const images = await Promise.all(
    news.map(async ({ repository, tag }) => ({
      repository,
      tag,
      made: await makeImage({ name: `${repository}-${tag}`, layers: [layerBytes] }),
      platforms: ['linux/amd64'],
      askedBy: repository === 'team/asked' ? ('webhook' as const) : ('upstream' as const),
    })),
  );
  for (const { repository, tag, made } of images) await pushImage(source, { image: made, repository, tag });
  return images;
}

/** GitHub lists a backport, tagged last, before the newest release; versions decide, not the list. */
function announce({ github, proxy }: Stage): void {
  const compose = (services: Readonly<Record<string, string>>): string =>
    [
      'services:',
      ...Object.entries(services).map(([name, image]) => `  ${name}: { image: '${proxy.host}/langgenius/${image}' }`),
    ].join('\n');
  const sandbox = 'dify-sandbox:0.2.12';
  github.setTags(dify.repository, ['1.8.9', '1.10.0', '1.9.2', '1.8.8']);
  github.setFile(
    dify.repository,
    '1.9.2',
    dify.file,
    compose({ api: 'dify-api:1.9.2', web: 'dify-web:1.9.2', sandbox }),
  );
  github.setFile(
    dify.repository,
    '1.10.0',
    dify.file,
    compose({
      api: 'dify-api:${API_TAG:-1.10.0}',
      web: 'dify-web:1.10.0',
      sandbox,
      plugin_daemon: 'dify-plugin-daemon:0.4.0',
    }),
  );
  github.setTags('xorbitsai/inference', ['v1.11.0', 'v2.0.0.rc1', 'v1.11.0.post1', 'v1.10.1']);
}

/** The request that users send to GitHub today, with another base address. */
async function sendWebhook({ proxy }: Stage, up: FerryUpProcess): Promise<number> {
  const httpServer = up.httpServer();
  if (httpServer === undefined) throw new Error('ferry up has no server for webhooks');
  const response = await fetch(`http://${httpServer}/repos/team/mirror/dispatches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ event_type: 'add-image', client_payload: { image: `${proxy.host}/team/asked:3` } }),
  });
  return response.status;
}
