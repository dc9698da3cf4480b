import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { parse } from 'yaml';

import { askFerry, runFerry } from './ferry-process.js';
import { pushImage, readManifest } from './image-exchange.js';
import { makeImage } from './make-images.js';
import { printFileDifference } from './report.js';
import { aliyunNamespace } from './stage.js';
import type { Stage } from './stage.js';
import { untilPushed } from './wanted-rows.js';

const layerBytes = 200_000;

/** What a project publishes: no one has requested its images yet. */
const project = [
  { repository: 'shop/web', tag: '4.2' },
  { repository: 'shop/api', tag: '4.2' },
  { repository: 'shop/cache', tag: '7-alpine' },
] as const;

/** Finds the images of a compose file, mirrors them, and rewrites the file. @returns what is not as it should be */
export async function thirdAct(stage: Stage, say: (text: string) => void): Promise<readonly string[]> {
  const { environment, folder, source, targets } = stage;
  for (const { repository, tag } of project) {
    const image = await makeImage({ name: `${repository}-${tag}`, layers: [layerBytes] });
    await pushImage(source, { image, repository, tag });
  }
  const original = composeFile(stage.proxy.host);
  const path = join(folder, 'compose.yaml');
  const rewritten = join(folder, 'compose.mirrored.yaml');
  writeFileSync(path, original);

  const early = await runFerry(['use', 'compose', path, '--target', 'aliyun'], environment);
  say('ferry find compose.yaml --add; waiting for its images on both targets');
  const { status, errors } = await runFerry(['find', path, '--add'], environment);
  await untilPushed(stage, project);
  say('ferry use compose compose.yaml --target aliyun --rewrite, and ferry use --check of the result');
  const use = await runFerry(
    ['use', 'compose', path, '--target', 'aliyun', '--rewrite', '--output', rewritten],
    environment,
  );
  const text = use.status === 0 ? readFileSync(rewritten, 'utf8') : '';
  const check = await askFerry<{ readonly ok: boolean }>(['use', '--check', rewritten], environment).catch(
    (error: unknown) => ({ ok: false, error }),
  );
  printFileDifference(original, text);

  const faults = text === '' ? [] : differences(original, text);
  for (const { repository, tag } of project) {
    const name = `${aliyunNamespace}/${repository.split('/')[1] ?? ''}`;
    if (!text.includes(`${targets.aliyun.host}/${name}:${tag}`)) faults.push(`the file does not name ${name}:${tag}`);
    if ((await readManifest(targets.aliyun, name, tag)) === undefined) faults.push(`${name}:${tag} is not there`);
  }
  return [
    ...faults,
    ...(early.status === 1 && early.errors.includes('ferry add')
      ? []
      : [`before the copy ferry use ended with ${early.status}, expected 1 and what to add`]),
    ...(status === 0 ? [] : [`ferry find ended with ${status}:\n${errors}`]),
    ...(use.status === 0 ? [] : [`ferry use ended with ${use.status}:\n${use.errors}`]),
    ...(check.ok ? [] : [`ferry use --check does not pass: ${JSON.stringify(check)}`]),
  ];
}

/** With an anchor, a merge key, a variable, a comment and a quoted name, as projects write them. */
function composeFile(host: string): string {
  return [
    '# The shop. Copy .env.example to .env first.',
    'x-shared: &shared',
    `  image: ${host}/shop/api:\${SHOP_VERSION:-4.2}   # the API and its worker`,
    '  environment: &environment {LOG_LEVEL: info, REDIS: "redis://cache:6379"}',
    'services:',
    '  api:',
    '    <<: *shared',
    "    ports: ['8080:8080']",
    '  worker:',
    '    <<: *shared',
    '    environment:',
    '      <<: *environment',
    '      MODE: worker',
    '  web:',
    `    image: "${host}/shop/web:4.2"`,
    '    depends_on: [api]',
    `  cache: {image: '${host}/shop/cache:7-alpine', restart: always}`,
    '',
  ].join('\n');
}

type Service = Readonly<Record<string, unknown>>;

/** Parsed again, everything but the images of services must be equal. */
function differences(original: string, rewritten: string): string[] {
  const [before, after] = [original, rewritten].map((text) => {
    const { services } = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
    return Object.entries(services).map(([name, { image: _image, ...rest }]) => [name, rest]);
  });
  return isDeepStrictEqual(before, after) ? [] : ['the rewritten file differs in more than its images'];
}
