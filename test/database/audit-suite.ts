import { describe, expect, test } from 'vitest';

import type { AuditedCopy, CheckedCopy } from '../../src/database/audits/audit-views.js';
import { emptyAudit } from '../../src/domain/audit.js';
import type { TargetOutcome } from '../../src/domain/wanted-image.js';
import { eachWithStores, imageRequest, notPushed, pendingIn, pushed, syncImage, targets } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';
const both = [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')];
const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'e'.repeat(64)}`;
const third = `sha256:${'9'.repeat(64)}`;
const names = targets.map(({ name }) => name);
const gone = { kind: 'lost', reason: 'it is not there' } as const;
const moved = { kind: 'changed', found: other, reason: 'it points elsewhere' } as const;

export function auditSuite(placeOf: PlaceOf): void {
  describe('audits', () => {
    const use = eachWithStores(placeOf);

    test('every pushed copy of a wanted image is checked, page by page, and none of a withdrawn one', async () => {
      const { stores } = use();
      await allPushed(use(), 'nginx:1.27', 'redis:7', 'busybox:1');
      await stores.actions.remove('docker.io/library/redis:7');

      const first = await stores.audits.copies({ targets: names, limit: 3 });
      const second = await stores.audits.copies({ targets: names, limit: 3, after: first.at(-1) });
      const one = await stores.audits.copies({ targets: ['private'], limit: 10 });

      expect([...first, ...second].map(({ image, target }) => `${target} ${image}`)).toEqual([
        'aliyun docker.io/library/busybox:1',
        'private docker.io/library/busybox:1',
        `aliyun ${nginx}`,
        `private ${nginx}`,
      ]);
      expect(one.map(({ image }) => image)).toEqual(['docker.io/library/busybox:1', nginx]);
    });

    test('a lost copy is retrying and its image pending, with events, and both are right after its next copy', async () => {
      const { stores } = use();
      await allPushed(use(), 'nginx:1.27');
      const before = await stores.status.newestEvent();
      await begin(use(), 'audit-1');

      const findings = await record(use(), 'audit-1', 'aliyun', gone);
      const open = await stores.audits.countOpen('audit-1');
      const lost = await stores.status.status(nginx);
      const pending = await pendingIn(stores, { since: Date.parse('2100-01-01'), limit: 10 });
      await syncImage(stores, nginx, { targets: both });
      const healed = await stores.status.status(nginx);

      expect([open, await stores.audits.countOpen('audit-1')]).toEqual([1, 0]);
      expect(findings).toMatchObject([{ kind: 'lost', action: 'healing', expected: digest }]);
      expect(lost.wanted).toMatchObject([{ state: 'pending', code: 'copy-lost' }]);
      expect(lost.copies).toMatchObject([
        { target: 'aliyun', state: 'retrying', code: 'copy-lost', drift: 'lost', digest },
        { target: 'private', state: 'pushed' },
      ]);
      expect(pending).toEqual([{ image: nginx, explicit: false }]);
      expect(healed.copies).toMatchObject([
        { target: 'aliyun', state: 'pushed' },
        { target: 'private', state: 'pushed' },
      ]);
      expect(healed.copies[0]).not.toHaveProperty('drift');
      const events = await eventsAfter(use(), before);
      expect(events).toEqual([
        'drift-lost aliyun: pushed -> retrying',
        'drift-lost : pushed -> pending',
        'outcome : pending -> pushed',
        'healed aliyun: retrying -> pushed',
      ]);
      expect(await stores.audits.findings('audit-1')).toMatchObject([{ healedAt: expect.any(Number) as number }]);
    });

    test('with reports alone a finding is an event once, changes no state, and ends when an audit finds it right', async () => {
      const { stores } = use();
      await allPushed(use(), 'nginx:1.27');
      const before = await stores.status.newestEvent();
      for (const audit of ['audit-1', 'audit-2', 'audit-3']) await begin(use(), audit);

      await record(use(), 'audit-1', 'aliyun', moved, 'report');
      await record(use(), 'audit-2', 'aliyun', moved, 'report');
      const reported = await stores.status.status(nginx);
      await record(use(), 'audit-3', 'aliyun', undefined, 'report');

      expect(reported.wanted).toMatchObject([{ state: 'pushed' }]);
      expect(reported.copies[0]).toMatchObject({ state: 'pushed', drift: 'changed', code: 'copy-changed', digest });
      expect(await eventsAfter(use(), before)).toEqual([
        'drift-changed aliyun: pushed -> pushed',
        'healed aliyun: pushed -> pushed',
      ]);
      expect(await stores.audits.findings('audit-2')).toMatchObject([{ action: 'reported' }]);
      expect((await stores.status.status(nginx)).copies[0]?.reason).toBeUndefined();
    });

    test('an incomplete copy is right again only after an audit in depth: its tag says nothing about its blobs', async () => {
      const { stores } = use();
      await allPushed(use(), 'nginx:1.27');
      for (const audit of ['audit-1', 'audit-2', 'audit-3']) await begin(use(), audit);
      const incomplete = { kind: 'incomplete', reason: 'a blob is missing' } as const;
      const drift = async () => (await stores.status.status(nginx)).copies[0]?.drift;

      await record(use(), 'audit-1', 'aliyun', incomplete, 'report', true);
      await record(use(), 'audit-2', 'aliyun', undefined, 'report', false);
      const afterShallow = await drift();
      await record(use(), 'audit-3', 'aliyun', undefined, 'report', true);

      expect(afterShallow).toBe('incomplete');
      expect(await drift()).toBeUndefined();
    });

    test('a tag that another program pushed and moved is that program’s: its new digest is recorded', async () => {
      const { stores, sql } = use();
      await allPushed(use(), 'nginx:1.27');
      await sql("update image_copies set state = 'adopted', last_pushed_at = null where target = 'aliyun'");
      await begin(use(), 'audit-1');

      const findings = await record(use(), 'audit-1', 'aliyun', moved);

      expect(findings).toMatchObject([{ action: 'left', found: other }]);
      expect((await stores.status.status(nginx)).copies[0]).toMatchObject({ state: 'adopted', digest: other });
      expect(await pendingIn(stores, { since: Date.parse('2100-01-01'), limit: 10 })).toEqual([]);
    });

    test('a copy that a run has written since it was read is left out', async () => {
      const { stores } = use();
      await allPushed(use(), 'nginx:1.27');
      const copies = await stores.audits.copies({ targets: names, limit: 1 });
      await begin(use(), 'audit-1');
      await stores.actions.retry(nginx);
      await syncImage(stores, nginx, { targets: names.map((name) => copyAt(name, other)) });

      const findings = await stores.audits.record('audit-1', lostAmong(copies), 'heal');

      expect(findings).toEqual([]);
      expect(await pendingIn(stores, { since: Date.parse('2100-01-01'), limit: 10 })).toEqual([]);
    });

    test('a page that was recorded and is repeated after a crash counts its findings once', async () => {
      const { stores } = use();
      await allPushed(use(), 'nginx:1.27');
      const copies = await stores.audits.copies({ targets: names, limit: 1 });
      const { startedAt } = await begin(use(), 'audit-1');
      const again = await begin(use(), 'audit-1');
      const page = lostAmong(copies);
      const counted = { ...nothing, target: 'aliyun', checked: 1 };

      await stores.audits.record('audit-1', page, 'heal');
      const repeated = await stores.audits.record('audit-1', page, 'heal');
      const summary = await stores.audits.finish('audit-1', { summary: { ...emptyAudit, targets: [counted] } });

      expect(again.startedAt).toBe(startedAt);
      expect(repeated).toEqual([]);
      expect(summary).toMatchObject({ healing: 1, targets: [{ target: 'aliyun', checked: 1, lost: 1 }] });
      expect((await stores.status.overview()).lastAudit).toMatchObject({ id: 'audit-1', summary });
    });
  });

  describe('rollbacks', () => {
    const use = eachWithStores(placeOf);

    test('a rollback waits for a run, is held after it, and the hold survives runs, retries and takeovers', async () => {
      const { stores } = use();
      await movedTag(use());
      const before = await stores.status.newestEvent();

      const copy = await stores.rollbacks.copy(nginx, 'aliyun');
      const isRequested = await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });
      const waiting = await stores.pushed.holdings(nginx, targets);
      await syncImage(stores, nginx, { targets: [copyAt('aliyun', digest)] });
      const held = await stores.pushed.holdings(nginx, targets);
      await stores.actions.retry(nginx);
      await syncImage(stores, nginx, { targets: [pushed('private', 'nginx:1.27')] });

      expect(copy).toMatchObject({ digest: other, earlier: [{ digest }] });
      expect(isRequested).toBe(true);
      expect(waiting.marked?.get('aliyun')).toMatchObject({ rollbackTo: digest });
      expect(held.marked?.get('aliyun')).toMatchObject({ heldDigest: digest });
      expect(await stores.rollbacks.held()).toMatchObject([{ image: nginx, target: 'aliyun', digest, heldBy: 'cli' }]);
      expect((await stores.status.overview()).held).toBe(1);
      expect((await stores.status.status(nginx)).wanted).toMatchObject([{ state: 'pushed' }]);
      expect(await eventsAfter(use(), before)).toContain('rolled-back aliyun: waiting -> pushed');
    });

    test('a rollback that no registry can give leaves the copy as it was, with the reason', async () => {
      const { stores } = use();
      await movedTag(use());
      await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });

      const refusal = { ...notPushed('aliyun', 'blocked', 'no registry has it'), code: 'rollback-impossible' } as const;
      await syncImage(stores, nginx, { targets: [refusal] });

      expect(await stores.rollbacks.copy(nginx, 'aliyun')).toMatchObject({
        state: 'pushed',
        digest: other,
        code: 'rollback-impossible',
        reason: 'no registry has it',
      });
      expect((await stores.status.status(nginx)).wanted).toMatchObject([{ state: 'pushed' }]);
    });

    test('a release ends holds, and rollbacks that were not made, and makes the image pending', async () => {
      const { stores } = use();
      await movedTag(use());
      const before = await stores.status.newestEvent();
      await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });
      await syncImage(stores, nginx, { targets: [copyAt('aliyun', digest)] });
      await stores.rollbacks.request({ image: nginx, target: 'private', to: digest, who: 'cli' });

      const released = await stores.rollbacks.release(nginx, undefined, 'cli');
      const again = await stores.rollbacks.release(nginx, undefined, 'cli');

      expect(released).toEqual(['aliyun', 'private']);
      expect(again).toEqual([]);
      expect((await stores.pushed.holdings(nginx, targets)).marked).toBeUndefined();
      expect(await pendingIn(stores, { since: Date.parse('2100-01-01'), limit: 10 })).toEqual([
        { image: nginx, explicit: true },
      ]);
      const events = await eventsAfter(use(), before);
      expect(events.filter((event) => event.startsWith('released'))).toEqual([
        'released aliyun: pushed -> pushed',
        'released private: waiting -> pushed',
      ]);
    });

    test('a rollback that is called off gives back the state that the copy had: adopted, or lost and to be healed', async () => {
      const { stores, sql } = use();
      await movedTag(use());
      await sql("update image_copies set state = 'adopted', last_pushed_at = null where target = 'private'");
      await begin(use(), 'audit-1');
      await record(use(), 'audit-1', 'aliyun', gone);
      const before = await stores.status.newestEvent();
      for (const target of names) await stores.rollbacks.request({ image: nginx, target, to: digest, who: 'cli' });
      // One that replaces the first is called off together with it.
      await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: third, who: 'cli' });
      await syncImage(stores, nginx, { targets: [notPushed('aliyun', 'retrying', 'away')] });

      await stores.rollbacks.release(nginx, undefined, 'cli');

      expect((await stores.status.status(nginx)).copies).toMatchObject([
        { target: 'aliyun', state: 'retrying', code: 'copy-lost', reason: gone.reason, drift: 'lost', digest: other },
        { target: 'private', state: 'adopted', digest: other },
      ]);
      expect((await stores.pushed.holdings(nginx, targets)).marked?.get('aliyun')).toMatchObject({ drift: 'lost' });
      const events = await eventsAfter(use(), before);
      expect(events.filter((event) => event.includes('aliyun') || event.includes('private'))).toEqual([
        'rolled-back aliyun: retrying -> waiting',
        'rolled-back private: adopted -> waiting',
        'outcome aliyun: waiting -> retrying',
        'released aliyun: retrying -> retrying',
        'released private: waiting -> adopted',
      ]);
    });

    test('a rollback that is refused when it is to be made leaves a lost copy lost, and an adopted one adopted', async () => {
      const { stores, sql } = use();
      await movedTag(use());
      await sql("update image_copies set state = 'adopted' where target = 'private'");
      await begin(use(), 'audit-1');
      await record(use(), 'audit-1', 'aliyun', gone);
      const before = await stores.status.newestEvent();
      for (const target of names) await stores.rollbacks.request({ image: nginx, target, to: digest, who: 'cli' });

      const refusals = names.map((name) => notPushed(name, 'blocked', 'no registry has it'));
      await syncImage(stores, nginx, { targets: refusals });

      const refused = { code: 'denied', reason: 'no registry has it', refused: digest };
      expect(await stores.rollbacks.copy(nginx, 'aliyun')).toMatchObject({ state: 'retrying', ...refused });
      expect(await stores.rollbacks.copy(nginx, 'private')).toMatchObject({ state: 'adopted', ...refused });
      expect((await stores.pushed.holdings(nginx, targets)).marked?.get('aliyun')).toMatchObject({ drift: 'lost' });
      expect((await stores.status.status(nginx)).wanted).toMatchObject([{ state: 'pending' }]);
      const events = await eventsAfter(use(), before);
      expect(events.filter((event) => event.startsWith('rolled-back'))).not.toContainEqual(
        expect.stringMatching(/-> (?:pushed|adopted)$/),
      );
    });

    test('a held tag that an audit found lost is to be copied after its release, and does not count as pushed', async () => {
      const { stores } = use();
      await movedTag(use());
      await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });
      await syncImage(stores, nginx, { targets: [copyAt('aliyun', digest)] });
      await begin(use(), 'audit-1');
      await record(use(), 'audit-1', 'aliyun', gone);

      await stores.rollbacks.release(nginx, undefined, 'cli');

      expect((await stores.status.status(nginx)).copies[0]).toMatchObject({ state: 'retrying', code: 'copy-lost' });
      expect((await stores.pushed.holdings(nginx, targets)).marked?.get('aliyun')).toMatchObject({ drift: 'lost' });
    });

    test('a rollback of an image that was removed meanwhile changes nothing', async () => {
      const { stores } = use();
      await movedTag(use());
      await stores.actions.remove(nginx);

      const isRequested = await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });

      expect(isRequested).toBe(false);
      expect(await stores.rollbacks.copy(nginx, 'aliyun')).toMatchObject({ state: 'pushed', rollbackTo: undefined });
    });

    test('a rollback that was called off, or made, is not requested again by its workflow', async () => {
      const { stores } = use();
      await movedTag(use());
      const asked = { image: nginx, target: 'aliyun', to: digest, who: 'cli' };
      await stores.rollbacks.request(asked);
      const whileRequested = await stores.rollbacks.request({ ...asked, isAgain: true });
      await stores.rollbacks.release(nginx, undefined, 'cli');

      const afterRelease = await stores.rollbacks.request({ ...asked, isAgain: true });
      await stores.rollbacks.request(asked);
      await syncImage(stores, nginx, { targets: [copyAt('aliyun', digest)] });
      const afterRollback = await stores.rollbacks.request({ ...asked, isAgain: true });

      expect([whileRequested, afterRelease, afterRollback]).toEqual([true, false, false]);
    });

    test('an audit does not heal a tag that is held', async () => {
      const { stores } = use();
      await movedTag(use());
      await stores.rollbacks.request({ image: nginx, target: 'aliyun', to: digest, who: 'cli' });
      await syncImage(stores, nginx, { targets: [copyAt('aliyun', digest)] });
      await begin(use(), 'audit-1');

      const findings = await record(use(), 'audit-1', 'aliyun', gone);

      expect(findings).toMatchObject([{ action: 'left' }]);
      expect(await pendingIn(stores, { since: Date.parse('2100-01-01'), limit: 10 })).toEqual([]);
    });

    test('a tag whose copies are all held is not compared with its source', async () => {
      const { stores } = use();
      await movedTag(use());
      const query = { before: Date.parse('2100-01-01'), after: 0, limit: 10, matches: () => true };
      const hold = async (name: string): Promise<void> => {
        await stores.rollbacks.request({ image: nginx, target: name, to: digest, who: 'cli' });
        await syncImage(stores, nginx, { targets: [copyAt(name, digest)] });
      };

      await hold('aliyun');
      const one = await stores.tags.pushedTags(query);
      await hold('private');

      expect(one).toHaveLength(1);
      expect(await stores.tags.pushedTags(query)).toEqual([]);
    });
  });
}

const nothing = { deep: 0, lost: 0, changed: 0, incomplete: 0, notChecked: 0, requests: 0 };

async function allPushed({ stores }: Fixture, ...images: readonly string[]): Promise<void> {
  await stores.wanted.addWanted(images.map((image) => imageRequest(image)));
  for (const image of images) {
    const copies = names.map((name) => pushed(name, image));
    await syncImage(stores, `docker.io/library/${image}`, { targets: copies });
  }
}

/** The image was copied, and copied again after its tag had moved. */
async function movedTag(fixture: Fixture): Promise<void> {
  const { stores } = fixture;
  await allPushed(fixture, 'nginx:1.27');
  await stores.actions.retry(nginx);
  await syncImage(stores, nginx, { targets: names.map((name) => copyAt(name, other, digest)) });
}

function copyAt(name: string, digest: string, replaced?: string): TargetOutcome {
  const copy = pushed(name, 'nginx:1.27');
  if (copy.state !== 'pushed') throw new Error('it is pushed');
  return { ...copy, digest, replaced };
}

function lostAmong(copies: readonly AuditedCopy[]): readonly CheckedCopy[] {
  return copies.map((copy) => ({ copy, isDeep: false, drift: gone }));
}

async function begin({ stores }: Fixture, id: string) {
  return await stores.audits.begin({ id, who: 'cli', scope: { deep: false } });
}

async function record(
  { stores }: Fixture,
  audit: string,
  target: string,
  drift: CheckedCopy['drift'],
  mode: 'heal' | 'report' = 'heal',
  isDeep = false,
) {
  const copies = await stores.audits.copies({ targets: [target], limit: 10 });
  return await stores.audits.record(
    audit,
    copies.map((copy) => ({ copy, isDeep, drift })),
    mode,
  );
}

async function eventsAfter({ stores }: Fixture, after: number): Promise<readonly string[]> {
  const events = await stores.status.events(after);
  return events.map(({ kind, target = '', from = '', to }) => `${kind} ${target}: ${from} -> ${to}`);
}
