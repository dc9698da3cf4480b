// One of several processes that use a database at once: `node database-writer.mjs FOLDER`. For each task, a line of JSON
// with `settings`, `task` and `argument`, it opens the database, says "ready", waits for another line, does the task, and
// prints the result as JSON.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const load = async (path) => await import(pathToFileURL(join(folder, path)).href);
const { openDatabase } = await load('database/ferry-database.js');
const { migrate } = await load('database/run-migrations.js');
const { createStores } = await load('database/stores.js');
const { parseImageReference } = await load('../node_modules/@image-ferry/registry/dist/reference.js');

const imageRequest = (image) => ({
  reference: parseImageReference(image),
  platform: 'linux/amd64',
  requestedBy: { by: 'cli' },
});

const tasks = {
  migrate: async ({ database }) => (await migrate(database)).applied,
  add: async ({ stores }, images) => await stores.wanted.addWanted(images.map(imageRequest)),
  addOneByOne: async ({ stores }, images) => {
    const results = [];
    for (const image of images) results.push(...(await stores.wanted.addWanted([imageRequest(image)])));
    return results;
  },
  adopt: async ({ stores }) => await stores.wanted.normalizeRows(),
  claim: async ({ stores }, { owner, names }) => {
    const owners = [];
    for (const name of names) {
      const claim = { targetRepository: name, sourceRepository: owner, target: 'aliyun' };
      owners.push(await stores.names.claim(claim));
    }
    return owners;
  },
  deliver: async ({ stores }, { owner, ids }) => {
    const first = [];
    for (const id of ids) if ((await stores.deliveries.record({ id, owner }, [])) !== undefined) first.push(id);
    return first;
  },
  pull: async ({ stores }, { account, allowance, count }) => {
    let booked = 0;
    for (let pull = 0; pull < count; pull += 1) {
      if ((await stores.budgets.acquire(account, allowance)) === undefined) booked += 1;
    }
    return booked;
  },
  blobs: async ({ stores }, { repository, digests }) => {
    await stores.blobs.record('a.example.com', repository, digests);
  },
  record: async ({ stores }, { run, outcomes, targets }) => {
    for (const outcome of outcomes) {
      const { rows, readAt } = await stores.wanted.wantedRows(outcome.image);
      const whole = { ...outcome, rows: rows.map(({ id }) => id) };
      await stores.pushed.recordOutcome(whole, { targets, run, readAt: readAt + 1 });
    }
  },
};

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (;;) {
  const { value: line, done } = await lines.next();
  if (done) break;
  const { settings, task, argument } = JSON.parse(line);
  const database = await openDatabase(settings);
  process.stdout.write('"ready"\n');
  await lines.next();
  const result = await tasks[task]({ database, stores: createStores(database) }, argument);
  await database.close();
  process.stdout.write(`${JSON.stringify(result ?? null)}\n`);
}
