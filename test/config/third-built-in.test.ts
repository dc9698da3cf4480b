import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type * as StartFetch from '../../src/client/start-fetch.js';
import type * as ReadConfig from '../../src/config/read-config.js';
import type * as ServerSettings from '../../src/config/server-settings.js';
import type * as WorkflowNames from '../../src/contract/workflow-names.js';
import type * as Events from '../../src/server/event-types.js';
import type * as WorkflowFiles from '../../src/server/workflow-files.js';
import { compileSources } from '../support/compiled-sources.js';
import type { CompiledSources } from '../support/compiled-sources.js';
import { quietRuntime } from '../support/quiet-runtime.js';

const entry = `{
  name: 'my-wiki',
  kind: 'compose',
  repository: 'acme/wiki',
  file: 'compose.yaml',
  order: VersionOrder.semver,
  prereleases: false,
  scope: FetchScope.changed,
  exclude: { images: [], services: [], profiles: [] },
  variables: {},
  schedule: { everyMs: 3_600_000 },
},`;

/** The sources with one more entry in `domain/built-in-upstreams.ts` and no other change. */
describe('a third built-in upstream, which is one entry in the table', () => {
  let sources: CompiledSources;
  const load = async <T>(path: string): Promise<T> => (await import(join(sources.folder, path))) as T;

  beforeAll(() => {
    const table = (source: string): string => source.replace(/^\];$/m, `${entry}\n];`);
    sources = compileSources(['domain', 'contract', 'config', 'client', 'server', 'workflows'], {
      'domain/built-in-upstreams.ts': table,
    });
  }, 60_000);
  afterAll(() => sources.remove());

  test('a third built-in upstream is configured with its schedule, and ferry.yaml can change it', async () => {
    const { readSchedulingConfig } = await load<typeof ReadConfig>('config/read-config.js');
    const folder = mkdtempSync(join(tmpdir(), 'ferry-third-'));
    const path = join(folder, 'ferry.yaml');
    writeFileSync(path, 'upstreams: { my-wiki: { scope: release, schedule: { every: 2h } } }');

    const standard = readSchedulingConfig({});
    const changed = readSchedulingConfig({ FERRY_CONFIG: path });
    rmSync(folder, { recursive: true });

    expect(standard.upstreams.map(({ name }) => name)).toEqual(['dify', 'xinference', 'my-wiki']);
    expect(standard.schedules.settings.map(({ id }) => id)).toContain('fetch-my-wiki');
    expect(changed.upstreams[2]).toMatchObject({
      name: 'my-wiki',
      repository: 'acme/wiki',
      scope: 'release',
      schedule: { everyMs: 7_200_000 },
    });
  });

  test('a third built-in upstream has a workflow type that clients start and list', async () => {
    const { fetchWorkflow } = await load<typeof StartFetch>('client/start-fetch.js');
    const { fetchWorkflowTypes } = await load<typeof WorkflowNames>('contract/workflow-names.js');

    expect(fetchWorkflow('my-wiki', { scope: 'release' })).toEqual({
      type: 'FetchMyWiki',
      input: { scope: 'release' },
    });
    expect(fetchWorkflowTypes).toContain('FetchMyWiki');
  });

  test('a third built-in upstream can be requested by webhooks and workflow files', async () => {
    const { readServerSettings } = await load<typeof ServerSettings>('config/server-settings.js');
    const { readEvent } = await load<typeof Events>('server/event-types.js');
    const { eventOfWorkflowFile } = await load<typeof WorkflowFiles>('server/workflow-files.js');

    const { upstreams } = readServerSettings({});
    const type = eventOfWorkflowFile('fetch_my_wiki.yml', upstreams) ?? '';

    expect(readEvent({ type, payload: undefined, sender: 'a test' }, upstreams)).toEqual({
      kind: 'fetch',
      request: { upstream: 'my-wiki' },
    });
  });

  test("the worker runs a third built-in upstream: another one's history replays as its own", async () => {
    quietRuntime();
    const workflowsPath = join(sources.folder, 'workflows', 'index.js');
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    const recorded = fileURLToPath(new URL('../histories/fetch-xinference.json', import.meta.url));
    const replay = async (type: string): Promise<void> => {
      const history: unknown = JSON.parse(readFileSync(recorded, 'utf8').replaceAll('FetchXinference', type));
      await Worker.runReplayHistory({ workflowBundle }, history);
    };

    await expect(replay('FetchMyWiki')).resolves.toBeUndefined();
    await expect(replay('FetchYourWiki')).rejects.toThrow('this worker has no workflow type FetchYourWiki');
  });
});
