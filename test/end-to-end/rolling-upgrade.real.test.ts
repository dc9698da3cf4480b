import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { readAnswer, runFerry } from '../../demo/ferry-process.js';
import type { CommandResult } from '../../demo/ferry-process.js';
import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import type { MadeManifest } from '../../demo/make-images.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import type { DeploymentView } from '../../src/client/deployment-view.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { installFerry, startFerryWorker } from '../support/ferry-installation.js';
import type { FerryInstallation, FerryWorker } from '../support/ferry-installation.js';
import { startTemporal } from '../support/temporal-server.js';
import type { TemporalServer } from '../support/temporal-server.js';
import { startTwoTargetStage } from '../support/two-target-stage.js';
import type { TwoTargetStage } from '../support/two-target-stage.js';

/** Larger than what a run copies without a workflow for the image. */
const largeBytes = 8_500_000;
const heldAfterBytes = 2_000_000;
const patient = { timeout: 120_000 };

interface StagedImage {
  readonly name: string;
  readonly image: MadeManifest;
}

let stage: TwoTargetStage;
let temporal: TemporalServer;
let connection: Connection;
let client: Client;
let environment: NodeJS.ProcessEnv;
const installed: FerryInstallation[] = [];
const workers: FerryWorker[] = [];

beforeEach(async () => {
  stage = await startTwoTargetStage(100_000_000);
  temporal = await startTemporal();
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection });
  environment = { ...stage.environment, TEMPORAL_ADDRESS: temporal.address, FERRY_DEPLOYMENT: 'image-ferry' };
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
  for (const installation of installed.splice(0)) installation.clear();
  await connection.close();
  await stage.clear();
  await temporal.stop();
});

test(
  'an upgrade in the middle of a run with 50 images loses nothing and copies nothing twice, and can be rolled back',
  { timeout: 600_000 },
  async () => {
    const images = await stageImages([
      ...Array.from({ length: 38 }, (_, n) => ({ name: `small-${n}`, bytes: 40_000 })),
      ...Array.from({ length: 4 }, (_, n) => ({ name: `old-${n}`, bytes: largeBytes })),
      ...Array.from({ length: 4 }, (_, n) => ({ name: `new-${n}`, bytes: largeBytes })),
      { name: 'first', bytes: largeBytes },
      { name: 'back', bytes: largeBytes },
      { name: 'moved', bytes: largeBytes },
      { name: 'end', bytes: largeBytes },
    ]);
    const named = (prefix: string) => images.filter(({ name }) => name.startsWith(prefix));
    // The release before versions were used.
    const first = install();
    const unversioned = await startWorker(first, { FERRY_DEPLOYMENT: '' });
    await add(first, [...named('first'), ...named('small').slice(0, 20)]);
    await untilPushed('first');
    await unversioned.stop();

    // Release A takes the work over without versions, and is the first version at once.
    const a = await startWorker(first);
    await expect.poll(() => a.log(), patient).toContain('this version of the worker is the current one');
    const buildA = (await deployment(first)).current ?? '';
    const holds = hold(named('old'));
    await add(first, [...named('small').slice(20, 30), ...named('old')]);
    await untilHeld(named('old'));

    // Release B could not replay what A has begun: its workflow of an image waits first.
    const second = install((code) =>
      replaced(
        code,
        'async function SyncImage(input) {',
        '$& await (0, _temporalio_workflow__WEBPACK_IMPORTED_MODULE_1__.sleep)(10);',
      ),
    );
    const b = await startWorker(second);
    await expect.poll(() => b.log(), patient).toContain('another version is the current one');
    const promoted = await ferry(second, 'deployments', 'promote');
    const { current: buildB = '' } = await deployment(second);
    await add(second, [...named('small').slice(30), ...named('new')]);
    for (const { name } of named('new')) await untilPushed(name);
    const meanwhile = await deployment(second);
    for (const release of holds) release();
    const summary = await ask<SyncAllResult>(second, 'sync', '--wait');
    await expect.poll(async () => pinnedIn(await deployment(second), buildA), patient).toBe(0);

    expect(promoted).toMatchObject({ status: 0 });
    expect(promoted.output).toContain(`Keep a worker of ${buildA} running`);
    expect(buildB).not.toBe(buildA);
    expect(versionOf(meanwhile, buildA)).toMatchObject({ state: 'draining', workers: 1, pinned: named('old').length });
    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0 });

    // B is rolled back, A is killed for good in the middle of an image, and release C continues it.
    await ferry(first, 'deployments', 'promote', buildA);
    await add(first, named('back'));
    await untilPushed('back');
    const [release = () => undefined] = hold(named('moved'));
    await add(first, named('moved'));
    await untilHeld(named('moved'));
    await a.stop('SIGKILL');
    const third = install((code) => `// another release\n${code}`);
    await startWorker(third);
    await ferry(third, 'deployments', 'promote');
    const shown = await ferry(third, 'deployments');
    const { current: buildC } = await deployment(third);
    release();
    const moved = await ask<{ moved: number }>(third, 'deployments', 'move', buildA);
    await untilPushed('moved');

    // Versions are given up.
    const last = await startWorker(third, { FERRY_DEPLOYMENT: '' });
    await expect.poll(() => last.log(), patient).toContain('workers of deployment image-ferry get all work');
    await ferry(third, 'deployments', 'promote', '--none');
    await add(third, named('end'));
    await untilPushed('end');

    // A's poll is remembered for a minute, so the hint is not printed yet; its workflow is counted.
    expect(shown.output).toMatch(new RegExp(`^${buildA} +draining .* 1$`, 'm'));
    expect(moved).toMatchObject({ moved: 1 });
    const versions = await versionsOfImages();
    expect(named('old').map(({ name }) => versions.get(name))).toEqual(Array(4).fill(buildA));
    expect(named('new').map(({ name }) => versions.get(name))).toEqual(Array(4).fill(buildB));
    const single = ['back', 'moved', 'end'].map((name) => versions.get(name));
    expect(single).toEqual([buildA, buildC, '']);
    // Stopped as soon as the image was there: the outcome may have been recorded by A.
    expect(['', buildA]).toContain(versions.get('first'));
    expect(await failedWorkflowTasks()).toEqual([]);
    await expectAllOnce(images);
  },
);

async function stageImages(
  wanted: readonly { readonly name: string; readonly bytes: number }[],
): Promise<readonly StagedImage[]> {
  const staged: StagedImage[] = [];
  for (const { name, bytes } of wanted) {
    const image = await makeImage({ name, layers: [bytes] });
    await pushImage(stage.source, { image, repository: `org/${name}`, tag: '1' });
    staged.push({ name, image });
  }
  return staged;
}

function install(change?: (code: string) => string): FerryInstallation {
  const installation = installFerry(change);
  installed.push(installation);
  return installation;
}

function replaced(code: string, from: string, to: string): string {
  if (code.split(from).length !== 2) throw new Error(`the workflow bundle does not contain ${from} once`);
  return code.replace(from, to);
}

async function startWorker(installation: FerryInstallation, variables: NodeJS.ProcessEnv = {}): Promise<FerryWorker> {
  const worker = await startFerryWorker(installation, { ...environment, ...variables });
  workers.push(worker);
  return worker;
}

async function ferry({ program }: FerryInstallation, ...args: string[]): Promise<CommandResult> {
  return await runFerry(args, environment, program);
}

async function ask<Answer>(installation: FerryInstallation, ...args: string[]): Promise<Answer> {
  return readAnswer(args, await ferry(installation, ...args, '--json'));
}

async function deployment(installation: FerryInstallation): Promise<DeploymentView> {
  return (await ask<{ deployment: DeploymentView }>(installation, 'deployments')).deployment;
}

function versionOf({ versions }: DeploymentView, build: string) {
  return versions.find(({ buildId }) => buildId === build);
}

function pinnedIn(view: DeploymentView, build: string): number | undefined {
  return versionOf(view, build)?.pinned;
}

async function add(installation: FerryInstallation, images: readonly StagedImage[]): Promise<void> {
  const list = join(stage.folder, 'list.txt');
  writeFileSync(list, images.map(({ name }) => `${stage.proxy.host}/org/${name}:1\n`).join(''));
  const { status, errors } = await ferry(installation, 'add', '--file', list);
  expect(errors).not.toContain('ferry:');
  expect(status).toBe(0);
}

/** Keeps the layers of these images in the middle. @returns what lets them go on */
function hold(images: readonly StagedImage[]): readonly (() => void)[] {
  return images.map(({ image }) => stage.proxy.holdBack(layerOf(image), heldAfterBytes));
}

function layerOf({ blobs }: MadeManifest): string {
  return blobs[1]?.digest ?? '';
}

async function untilHeld(images: readonly StagedImage[]): Promise<void> {
  const started = (): number => {
    const read = new Map(stage.proxy.reads().map(({ digest, bytes }) => [digest, bytes]));
    return images.filter(({ image }) => (read.get(layerOf(image)) ?? 0) > heldAfterBytes / 2).length;
  };
  await expect.poll(started, patient).toBe(images.length);
}

async function untilPushed(name: string): Promise<void> {
  const isThere = async (): Promise<boolean> => (await readManifest(stage.own, `org/${name}`, '1')) !== undefined;
  await expect.poll(isThere, patient).toBe(true);
}

/** The build ID on which the workflow of each image ended. */
async function versionsOfImages(): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  const query = 'WorkflowType = "SyncImage" AND ExecutionStatus = "Completed"';
  await expect.poll(async () => (await client.workflow.count(query)).count, patient).toBe(12);
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { raw, staticSummary } = await client.workflow.getHandle(workflowId, runId).describe();
    const name = /org\/([a-z0-9-]+):/.exec((await staticSummary()) ?? '')?.[1] ?? workflowId;
    versions.set(name, raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? '');
  }
  return versions;
}

/** Workflow code that cannot continue a history fails its task, and Temporal tries it again for ever. */
async function failedWorkflowTasks(): Promise<readonly string[]> {
  const failed: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const attributes = events?.flatMap(({ workflowTaskFailedEventAttributes: found }) => found ?? []) ?? [];
    failed.push(...attributes.map(({ failure }) => `${workflowId}: ${failure?.message ?? ''}`));
  }
  return failed;
}

async function expectAllOnce(images: readonly StagedImage[]): Promise<void> {
  const targets: readonly (readonly [RegistryServer, string])[] = [
    [stage.aliyun, 'team'],
    [stage.own, 'org'],
  ];
  for (const [registry, folder] of targets) {
    const requests = await registry.requests();
    for (const { name, image } of images) {
      const repository = `${folder}/${name}`;
      const there = await readManifest(registry, repository, '1');
      expect(there?.bytes.equals(image.bytes), `${registry.kind} ${repository}`).toBe(true);
      const tags = requests.filter(({ method, path }) => method === 'PUT' && path === `/v2/${repository}/manifests/1`);
      expect(tags, `${registry.kind} ${repository}`).toHaveLength(1);
    }
    const commits = requests.flatMap(({ method, path, status }) => {
      const match = /^\/v2\/(.+)\/blobs\/uploads\/.*digest=sha256(?:%3A|:)([0-9a-f]{64})/.exec(path);
      return method === 'PUT' && status === 201 && match !== null ? [`${match[1]}@${match[2]}`] : [];
    });
    expect(commits.filter((commit, position) => commits.indexOf(commit) !== position)).toEqual([]);
    expect(commits).toHaveLength(2 * images.length);
  }
}
