import { beforeEach, describe, expect, test } from 'vitest';

import type { ImagePlan } from '../../src/contract/activity-types.js';
import { beforeFirstRow, PushStatus } from '../../src/domain/wanted-image.js';
import { requestsOf, run, settle, startActivityStage } from '../activities/activity-stage.js';
import type { ActivityStage } from '../activities/activity-stage.js';
import { placeImage } from '../support/scripted-images.js';

let stage: ActivityStage;

beforeEach(async () => {
  stage = await startActivityStage();
});

describe('a name on a target', () => {
  test('an image that its source does not have claims no name on a target, and the right one still gets the plain name', async () => {
    const { source } = stage;
    placeImage(source, 'team/app');

    const mistyped = await wantAndPlan(`${source.host}/typo/app:v1`);
    const right = await wantAndPlan(`${source.host}/team/app:v1`);

    expect(mistyped).toMatchObject({ kind: 'stopped' });
    expect(repositoriesOf(right)).toEqual(['mirror/app', 'mirror/app']);
  });

  test('an image that is requested by a digest that its source does not have claims no name on a target', async () => {
    const { source, aliyun, stores } = stage;

    const mistyped = await wantAndPlan(`${source.host}/typo/app@sha256:${'1'.repeat(64)}`);

    expect(mistyped).toMatchObject({ kind: 'stopped', fault: { code: 'repository-missing' } });
    expect(await stores.names.ownedBy(`${source.host}/typo/app`, aliyun.host)).toEqual([]);
  });
});

describe('the requests of a plan', () => {
  test('an unchanged image costs its source one HEAD, and so does a new one before its manifest is read', async () => {
    const { source, aliyun, own } = stage;
    const { digest, mediaType, bytes } = placeImage(source, 'team/app');
    await wantAndPlan(`${source.host}/team/app:v1`);
    const first = requestsOf(source);
    for (const registry of [aliyun, own]) registry.putManifest('mirror/app', 'v1', { mediaType, bytes });
    source.requests.length = 0;

    const plan = await wantAndPlan(`${source.host}/team/app:v1`);

    expect(first.filter((request) => request.startsWith('HEAD'))).toEqual(['HEAD /v2/team/app/manifests/v1']);
    expect(requestsOf(source)).toEqual(['HEAD /v2/team/app/manifests/v1']);
    expect(plan).toMatchObject({ kind: 'planned', sourceDigest: digest, open: [] });
  });

  test('when no target answers the source receives one HEAD and no other request', async () => {
    const { source, aliyun, own } = stage;
    const { digest } = placeImage(source, 'team/app');
    await Promise.all([aliyun.stop(), own.stop()]);

    const plan = await wantAndPlan(`${source.host}/team/app:v1`);

    expect(requestsOf(source)).toEqual(['HEAD /v2/team/app/manifests/v1']);
    expect(plan).toMatchObject({
      kind: 'planned',
      sourceDigest: digest,
      open: [{ fault: { code: 'unreachable' } }, { fault: { code: 'unreachable' } }],
    });
  });

  test('the source receives no requests while every target is unavailable', async () => {
    const { source, aliyun, own } = stage;
    placeImage(source, 'team/app');
    await wantAndPlan(`${source.host}/team/app:v1`);
    await Promise.all([aliyun.stop(), own.stop()]);
    await stage.plan(`${source.host}/team/app:v1`, { lastAttempt: true });
    source.requests.length = 0;

    const plan = await stage.plan(`${source.host}/team/app:v1`);

    expect(requestsOf(source)).toEqual([]);
    expect(plan).toMatchObject({
      kind: 'left',
      left: [
        { target: 'aliyun', fault: { code: 'unreachable', again: 'next-run' } },
        { target: 'private', fault: { code: 'unreachable', again: 'next-run' } },
      ],
    });
  });

  test('an image that is left because another image found its target unavailable reports a reason that does not name that image', async () => {
    const { source, aliyun, own } = stage;
    for (const name of ['team/first', 'team/second']) {
      placeImage(source, name);
      await wantAndPlan(`${source.host}/${name}:v1`);
    }
    await Promise.all([aliyun.stop(), own.stop()]);

    const first = await stage.plan(`${source.host}/team/first:v1`, { lastAttempt: true });
    const second = await stage.plan(`${source.host}/team/second:v1`);

    const told = first.kind === 'planned' ? first.open.map(({ fault }) => fault?.reason) : [];
    const left = second.kind === 'left' ? second.left.map(({ fault }) => fault.reason) : [];
    expect(told.map((reason) => reason?.includes('/first'))).toEqual([true, true]);
    const times = String.raw`it was away at \S+Z, and is left alone until \S+Z`;
    const why = 'the connection was refused: is the registry running, and is the port right\\?';
    expect(left).toEqual([
      expect.stringMatching(`^target aliyun \\(${aliyun.host}\\) was not asked again: ${times}: ${why}$`),
      expect.stringMatching(`^target private \\(${own.host}\\) was not asked again: ${times}: ${why}$`),
    ]);
  });

  test('an image that an older script pushed and that is left for an unavailable target reports no name of another image', async () => {
    const { source, aliyun, own } = stage;
    for (const name of ['team/first', 'team/second']) await stage.pushedByScript(`${source.host}/${name}:v1`);
    await Promise.all([aliyun.stop(), own.stop()]);

    const first = await stage.plan(`${source.host}/team/first:v1`, { lastAttempt: true });
    const second = await stage.plan(`${source.host}/team/second:v1`);

    const told = [first, second].map((plan) =>
      plan.kind === 'left' ? plan.left.map(({ fault }) => fault.reason) : [],
    );
    expect(told[0]?.map((reason) => reason.includes('/first'))).toEqual([true, true]);
    expect(told[1]?.map((reason) => reason.includes('was not asked again'))).toEqual([true, true]);
    expect(told[1]?.join()).not.toMatch(/first|could not be reached/);
  });
});

describe('what an older script pushed', () => {
  let image: string;

  beforeEach(async () => {
    const { source, aliyun, own } = stage;
    image = `${source.host}/team/app:v1`;
    for (const registry of [source, aliyun, own]) placeImage(registry, registry === source ? 'team/app' : 'mirror/app');
    await stage.pushedByScript(image);
  });

  test('an image that an older script pushed is adopted when its row comes during a run: a HEAD, manifest and config for each target, and nothing of the source', async () => {
    const { source, aliyun, own } = stage;

    const plan = await stage.plan(image);

    expect(plan).toMatchObject({ kind: 'adopted', targets: [{ target: 'aliyun' }, { target: 'private' }] });
    expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
    expect([source, aliyun, own].map(({ requests }) => requests.length)).toEqual([0, 3, 3]);
  });

  test('an image that an older script pushed is adopted again when a user requests it by name, and copied when the user retries it', async () => {
    await stage.plan(image);
    await stage.want(image);
    const asked = await stage.plan(image);
    await stage.stores.actions.retry(image);

    const force = await stage.plan(image);

    expect(asked).toMatchObject({ kind: 'adopted' });
    expect(force).toMatchObject({ kind: 'planned', open: [{}, {}] });
  });

  test('an image that an older script pushed is copied when a target no longer has it', async () => {
    stage.own.manifests.clear();

    const plan = await stage.plan(image);

    expect(plan).toMatchObject({ kind: 'planned' });
  });

  test('an image that an older script pushed is left alone on every target while one of them does not answer, with the reason', async () => {
    const { source, own } = stage;
    for (const method of ['HEAD', 'GET']) {
      own.when(method, /manifests/, ({ response }) => void response.writeHead(403).end());
    }

    const plan = await stage.plan(image);

    expect(plan).toMatchObject({ kind: 'left', left: [{ target: 'private', fault: { code: 'denied' } }] });
    expect(await stage.statusOf(image)).toBe(PushStatus.pending);
    expect(requestsOf(source)).toEqual([]);
  });

  test('the takeover of many rows does not send a request for each row to a target that does not answer', async () => {
    const { source, own } = stage;
    for (let n = 0; n < 100; n++) await stage.pushedByScript(`${source.host}/team/app${n}:v1`);
    for (const method of ['HEAD', 'GET']) {
      own.when(method, /manifests/, ({ response }) => void response.writeHead(403).end());
    }

    const { adopted } = await run(stage.pass.adoptPresent, { after: beforeFirstRow });

    expect(adopted).toBe(0);
    // Those of the rows that are asked about at once.
    expect(own.requests.length).toBeLessThan(100);
    expect(requestsOf(source)).toEqual([]);
  });
});

describe('a tag and the same tag with a digest', () => {
  test('a tag and the same tag with a digest are both pushed while they mean the same', async () => {
    const { source } = stage;
    const { digest } = placeImage(source, 'team/app');
    const tagged = `${source.host}/team/app:v1`;

    const first = await wantAndPlan(tagged);
    const second = await wantAndPlan(`${tagged}@${digest}`);

    expect([first, second]).toMatchObject([{ kind: 'planned' }, { kind: 'planned', sourceDigest: digest }]);
  });

  test('of two different references to one tag the later one is blocked, and its reason names the reference that has the tag', async () => {
    const { source } = stage;
    const old = placeImage(source, 'team/app');
    placeImage(source, 'team/app');
    const tagged = `${source.host}/team/app:v1`;
    await stage.want(tagged);

    const pinned = await wantAndPlan(`${tagged}@${old.digest}`);

    expect(pinned).toMatchObject({
      kind: 'left',
      left: [
        { target: 'aliyun', fault: { code: 'target-tag-taken', decision: 'block' } },
        { target: 'private', fault: { code: 'target-tag-taken', decision: 'block' } },
      ],
    });
    expect(pinned.kind === 'left' ? pinned.left[0]?.fault.reason : '').toContain(`belongs to ${tagged},`);
  });

  test('the later of two references to one tag gets the tag when the earlier one is no longer wanted', async () => {
    const { source, stores } = stage;
    const old = placeImage(source, 'team/app');
    placeImage(source, 'team/app');
    const tagged = `${source.host}/team/app:v1`;
    await stage.want(tagged);
    await stores.actions.remove(tagged);

    const pinned = await wantAndPlan(`${tagged}@${old.digest}`);

    expect(pinned).toMatchObject({ kind: 'planned', sourceDigest: old.digest });
  });

  test('the later of two references to one tag is planned again when the tag of the earlier one moves away from it', async () => {
    const { source } = stage;
    const { digest } = placeImage(source, 'team/app');
    const tagged = `${source.host}/team/app:v1`;
    await stage.want(tagged);
    const pinned = await wantAndPlan(`${tagged}@${digest}`);
    await settle(stage, `${tagged}@${digest}`, pinned);
    const before = await stage.statusOf(`${tagged}@${digest}`);
    placeImage(source, 'team/app');

    await stage.plan(tagged);

    expect(before).toBe(PushStatus.pushed);
    expect(await stage.statusOf(`${tagged}@${digest}`)).toBe(PushStatus.pending);
    expect(await stage.plan(`${tagged}@${digest}`)).toMatchObject({ kind: 'left' });
  });
});

describe('targets behind a Docker daemon', () => {
  test('targets behind a Docker daemon are left to the daemon, which receives the source reference, and get no other requests', async () => {
    stage = await startActivityStage({ byDocker: ['private'] });
    const { source, own } = stage;
    const { digest } = placeImage(source, 'team/app');

    const plan = await wantAndPlan(`${source.host}/team/app:v1`);

    expect(plan).toMatchObject({
      kind: 'planned',
      sourceDigest: digest,
      open: [
        { destination: { target: 'aliyun' } },
        { destination: { target: 'private', repository: 'mirror/app', tag: 'v1', engine: 'docker' } },
      ],
    });
    expect(requestsOf(own)).toEqual([]);
  });

  test('targets behind a Docker daemon are left while no worker has a daemon, and delay no other target', async () => {
    let hasDaemonWorker = false;
    stage = await startActivityStage({ byDocker: ['private'], hasDaemonWorker: () => hasDaemonWorker });
    const image = `${stage.source.host}/team/app:v1`;
    placeImage(stage.source, 'team/app');

    const without = await wantAndPlan(image);
    hasDaemonWorker = true;
    const soonAfter = await stage.plan(image);

    expect(without).toMatchObject({
      kind: 'planned',
      open: [{ destination: { target: 'aliyun' } }],
      left: [{ target: 'private', fault: { code: 'unreachable', decision: 'retry' } }],
    });
    expect(soonAfter).toMatchObject({ kind: 'planned', open: [{}, {}], left: [] });
  });

  test('targets behind a Docker daemon that have no daemon in all attempts of an image are left to the next run for other images too', async () => {
    stage = await startActivityStage({ byDocker: ['aliyun', 'private'], hasDaemonWorker: () => false });
    const image = `${stage.source.host}/team/app:v1`;
    await wantAndPlan(image);

    await stage.plan(image, { lastAttempt: true });
    const other = await wantAndPlan(`${stage.source.host}/team/tool:v1`);

    const fault = { code: 'unreachable', again: 'next-run' };
    expect(other).toMatchObject({ kind: 'left', left: [{ fault }, { fault }] });
  });

  test('when all targets are behind a Docker daemon the source receives no requests from the plan', async () => {
    stage = await startActivityStage({ byDocker: ['aliyun', 'private'] });
    const { source, aliyun, own } = stage;

    const plan = await wantAndPlan(`${source.host}/team/app:v1`);

    expect(plan).toMatchObject({ kind: 'planned', missingTag: 'block', open: [{}, {}], done: [] });
    expect(plan).not.toHaveProperty('sourceDigest');
    expect([source, aliyun, own].flatMap(requestsOf)).toEqual([]);
  });

  test('when all targets are behind a Docker daemon two references to one tag are compared by name only, and the first wanted one gets it', async () => {
    stage = await startActivityStage({ byDocker: ['aliyun', 'private'] });
    const { source, aliyun, own } = stage;
    const { digest } = placeImage(source, 'team/app');
    const tagged = `${source.host}/team/app:v1`;

    const first = await wantAndPlan(tagged);
    const pinned = await wantAndPlan(`${tagged}@${digest}`);

    expect(first).toMatchObject({ kind: 'planned' });
    expect(pinned).toMatchObject({
      kind: 'left',
      left: [{ fault: { code: 'target-tag-taken', decision: 'block' } }, { fault: { code: 'target-tag-taken' } }],
    });
    expect(pinned.kind === 'left' ? pinned.left[0]?.fault.reason : '').toContain(`belongs to ${tagged},`);
    expect([source, aliyun, own].flatMap(requestsOf)).toEqual([]);
  });

  test('targets behind a Docker daemon are not searched for images of an older script: the image is copied, and the daemon sends what is missing', async () => {
    stage = await startActivityStage({ byDocker: ['private'] });
    const { source, aliyun, own } = stage;
    const { mediaType, bytes } = placeImage(source, 'team/app');
    for (const registry of [aliyun, own]) registry.putManifest('mirror/app', 'v1', { mediaType, bytes });
    const image = `${source.host}/team/app:v1`;
    await stage.pushedByScript(image);

    const { adopted } = await run(stage.pass.adoptPresent, { after: beforeFirstRow });
    const plan = await stage.plan(image);

    expect(adopted).toBe(0);
    expect(plan).toMatchObject({ kind: 'planned', open: [{ destination: { target: 'private' } }] });
    expect(requestsOf(own)).toEqual([]);
  });
});

async function wantAndPlan(image: string): Promise<ImagePlan> {
  await stage.want(image);
  return await stage.plan(image);
}

function repositoriesOf(plan: ImagePlan): readonly string[] {
  return plan.kind === 'planned' ? plan.open.map(({ destination }) => destination.repository) : [];
}
