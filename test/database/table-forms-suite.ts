import { parseImageReference } from '@image-ferry/registry/reference';
import { expect, test } from 'vitest';

import { openDatabaseReadOnly, openDatabase } from '../../src/database/ferry-database.js';
import { examineTables } from '../../src/database/forms/examine-tables.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { imageRequest, pendingIn, pushed, syncImage, targets } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

/** A form that the two tables of the older scripts have at some site. */
export interface TableForm {
  readonly form: string;
  /** Statements that make the tables, with a row or two. */
  readonly script: string;
  /** What is said of it, where the ferry does not work with it as it is. */
  readonly refused?: RegExp;
  /** The statements that the refusal names do not suffice: what a person types, where a choice is left to them. */
  readonly typed?: string;
  /** The statements at the end of the message produce tables that work. Otherwise it says in words what to do. */
  readonly isMended?: boolean;
}

/** Long enough for a busy machine; what is to be shown is that nothing goes round in circles. */
const longestMs = 30_000;
const image = 'docker.io/library/redis:7';

/** Each form works, or is refused by the name of its table and column with what to do about it. */
export function tableFormsSuite(placeOf: PlaceOf, forms: readonly TableForm[]): void {
  const refusedForms = forms.filter(({ refused }) => refused !== undefined);
  const workingForms = forms.filter(({ refused }) => refused === undefined);

  test.each(workingForms)(
    'the older scripts’ tables are taken over and used: $form',
    { timeout: longestMs },
    async ({ script }) => {
      const settings = placeOf().fresh();
      await placeOf().run(settings, script);

      const seen = await useTables(settings);

      expect(seen).toEqual({ wanted: ['linux/amd64', 'linux/arm64'], pushed: [image], waiting: [] });
    },
  );

  test.each(refusedForms)(
    'tables that cannot be used are refused with the column and what to do: $form',
    { timeout: longestMs },
    async ({ script, refused, typed, isMended = true }) => {
      const settings = placeOf().fresh();
      await placeOf().run(settings, script);
      const before = await placeOf().definitions(settings);

      const said = await refusal(settings);
      const seen = await doctorsFaults(settings);

      expect(said).toMatch(refused ?? /^$/);
      expect(said).toContain(seen.join('\n  - '));
      expect(await placeOf().definitions(settings)).toEqual(before);
      if (!isMended) return;
      await placeOf().run(settings, typed ?? statementsOf(said));
      expect(await useTables(settings)).toMatchObject({ wanted: ['linux/amd64', 'linux/arm64'], pushed: [image] });
    },
  );
}

/** Migrates, reads what is there, wants an image for two platforms, records that it was pushed, and reads it again. */
async function useTables(settings: DatabaseSettings) {
  const database = await openDatabase(settings);
  try {
    await migrate(database);
    const stores = createStores(database);
    await stores.wanted.normalizeRows();
    await stores.wanted.addWanted([imageRequest('redis:7'), imageRequest('redis:7', 'linux/arm64')]);
    await syncImage(stores, image, {
      targets: targets.map(({ name }) => pushed(name, 'redis:7', ['linux/amd64', 'linux/arm64'])),
    });
    const again = await migrate(database);
    expect(again.applied).toEqual([]);
    const { wanted, pushed: copies } = await stores.status.status(image);
    const waiting = await pendingIn(stores, { since: 0, limit: 10 });
    expect(wanted.map(({ state }) => state)).toEqual(['pushed', 'pushed']);
    return {
      wanted: wanted.map(({ platform }) => platform),
      pushed: [...new Set(copies.map((copy) => copy.image))],
      // Each row that was there was read: only the pending ones are requested.
      waiting: waiting.filter(({ image: pending }) => !isImage(pending)),
    };
  } finally {
    await database.close();
  }
}

function isImage(text: string): boolean {
  return parseImageReference(text).path !== '';
}

async function refusal(settings: DatabaseSettings): Promise<string> {
  const database = await openDatabase(settings);
  try {
    await migrate(database);
    return 'it was not refused';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await database.close();
  }
}

/** What `ferry doctor` and `ferry plan` see, which change nothing. */
async function doctorsFaults(settings: DatabaseSettings): Promise<readonly string[]> {
  const database = await openDatabaseReadOnly(settings);
  try {
    return (await examineTables(database, { isMigrated: false })).faults;
  } finally {
    await database.close();
  }
}

/** The statements that a message tells a person to type. */
function statementsOf(said: string): string {
  const typed = [...said.matchAll(/run: (.*);$/gm)].map(([, statements]) => statements ?? '');
  expect(typed).not.toEqual([]);
  return typed.join(';\n');
}
