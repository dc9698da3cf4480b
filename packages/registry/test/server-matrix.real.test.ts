import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { hasBlob, readManifest } from '../../../demo/image-exchange.js';
import { projectRoot } from '../../../demo/tools.js';
import { startCraneRegistry } from '../../../test/support/crane-registry.js';
import { imageKinds } from '../../../test/support/image-kinds.js';
import { startNginxFront } from '../../../test/support/nginx-front.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import { skopeoMirror } from '../../../test/support/skopeo.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import { RegistryError } from '../src/errors.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import type { ManifestPolicy } from '../src/oci/manifest-policy.js';
import { createRegistryClient } from '../src/registry-client.js';
import type { RegistryClient } from '../src/registry-client.js';

/** The table of this page records what the servers did. FERRY_WRITE_TABLES=1 writes it again. */
const page = join(projectRoot, 'docs', 'registries.md');

interface Server {
  readonly host: string;
  readonly credentials?: { readonly user: string; readonly password: string };
  stop(): Promise<void>;
}

interface Column {
  readonly title: string;
  readonly policy?: ManifestPolicy;
  start(): Promise<Server>;
}

const columns: readonly Column[] = [
  { title: 'distribution 3', start: () => startRegistry({ kind: 'distribution' }) },
  { title: 'distribution 2.8', start: () => startRegistry({ kind: 'docker-registry' }) },
  { title: 'go-containerregistry', start: startCraneRegistry },
  {
    title: '3 with a password',
    start: () => startRegistry({ kind: 'distribution', htpasswd: { user: 'captain', password: 'sec:ret' } }),
  },
  { title: '2.8 for images alone, `keep`', start: startStrict },
  { title: '2.8 for images alone, `drop`', policy: 'drop', start: startStrict },
  { title: '2.8 for images alone, `fail`', policy: 'fail', start: startStrict },
  { title: '3 behind nginx, 64 KB a body', start: startFronted },
  { title: '3, read-only', start: () => startRegistry({ kind: 'distribution', readonly: true }) },
];

let source: ScriptedRegistry;

beforeAll(async () => {
  source = await ScriptedRegistry.start();
  for (const kind of imageKinds) kind.repo(source, repositoryOf(kind.name));
});
afterAll(() => source.stop());

describe('every kind of image on every server', () => {
  const cells = new Map<string, readonly string[]>();

  test.each(columns)(
    '$title is stored with the same digest, or refused with a reason',
    async ({ title, policy = 'keep', start }) => {
      const server = await start();
      const client = clientFor(server);
      try {
        const row = await Promise.all(imageKinds.map(({ name }) => outcomeOf(client, server, name, policy)));

        expect(row.every((cell) => cell.length > 0)).toBe(true);
        cells.set(title, row);
      } finally {
        client.close();
        await server.stop();
      }
    },
  );

  test('docs/registries.md records what the servers did with each kind of image', () => {
    const table = [
      ['', ...columns.map(({ title }) => title)],
      ...imageKinds.map(({ name }, row) => [name, ...columns.map(({ title }) => cells.get(title)?.[row] ?? '')]),
    ];
    if (process.env['FERRY_WRITE_TABLES'] === '1') writeTable(table);

    expect(readTable()).toEqual(table);
  });
});

describe('in comparison with skopeo', () => {
  let server: Server & { readonly url: string };
  let client: RegistryClient;

  beforeAll(async () => {
    server = await startRegistry({ kind: 'distribution' });
    client = clientFor(server);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  test.each(imageKinds.filter(({ notBySkopeo }) => notBySkopeo !== true))(
    "$name: every manifest and blob is the same as in skopeo's copy",
    async ({ name }) => {
      const [repository, ours, theirs] = [repositoryOf(name), `ours/${slug(name)}`, `theirs/${slug(name)}`];

      const [report, refusal] = await Promise.all([
        copyTo(client, server, name, { repository: ours, policy: 'keep' }),
        skopeoMirror(
          { registry: source, repository, reference: 'v1' },
          { registry: server, repository: theirs, reference: 'v1' },
        ).then(
          () => undefined,
          (error: unknown) => error,
        ),
      ]);

      expect(report.failures.length > 0).toBe(refusal !== undefined);
      const tag = await readManifest(server, ours, 'v1');
      expect((await readManifest(server, theirs, 'v1'))?.bytes).toEqual(tag?.bytes);
      for (const { digest, kind } of tag === undefined ? [] : contentsOf(repository, tag.digest)) {
        const found = await Promise.all(
          [ours, theirs].map(async (repo) =>
            kind === 'blob' ? hasBlob(server, repo, digest) : (await readManifest(server, repo, digest))?.digest,
          ),
        );
        expect(found[0]).toBeTruthy();
        expect(found[1]).toEqual(found[0]);
      }
    },
  );
});

async function startStrict(): Promise<Server> {
  return startRegistry({ kind: 'docker-registry', classes: ['image'] });
}

async function startFronted(): Promise<Server> {
  const registry = await startRegistry({ kind: 'distribution' });
  const front = await startNginxFront(registry, { bodyLimit: '64k' });
  return {
    host: front.host,
    async stop() {
      await front.stop();
      await registry.stop();
    },
  };
}

function clientFor({ host, credentials }: Server): RegistryClient {
  return createRegistryClient({
    credentials: (asked) =>
      Promise.resolve(
        asked === host && credentials ? { username: credentials.user, password: credentials.password } : undefined,
      ),
    trustedHosts: new Set([source.host, host]),
  });
}

async function copyTo(
  client: RegistryClient,
  { host }: Server,
  name: string,
  { repository, policy, onSent }: { repository: string; policy: ManifestPolicy; onSent?: (digest: string) => void },
): Promise<CopyReport> {
  return copyImage(
    client,
    {
      source: parseImageReference(`${source.host}/${repositoryOf(name)}:v1`),
      platforms: 'all',
      targets: [{ name: 'target', host, repository, tag: 'v1', manifestPolicy: policy }],
    },
    { onProgress: (event) => (event.type === 'sent' ? onSent?.(event.digest) : undefined) },
  );
}

/** A cell of the table. A refusal names its code, and says if it came only after layers had been sent. */
async function outcomeOf(
  client: RegistryClient,
  server: Server,
  name: string,
  policy: ManifestPolicy,
): Promise<string> {
  const repository = repositoryOf(name);
  const layers = new Set(layersOf(repository, 'v1'));
  const sent = new Set<string>();
  const onSent = (digest: string): void => void sent.add(digest);
  let report: CopyReport;
  try {
    report = await copyTo(client, server, name, { repository, policy, onSent });
  } catch (error) {
    if (error instanceof RegistryError) return refused(error, sent.size > 0);
    throw error;
  }
  const [failed] = report.failures;
  if (failed !== undefined)
    return refused(
      failed.failure,
      [...sent].some((digest) => layers.has(digest)),
    );

  const [target] = report.targets;
  const address = { url: `http://${server.host}`, ...(server.credentials ? { credentials: server.credentials } : {}) };
  const arrived = await readManifest(address, repository, 'v1');
  expect(arrived?.digest).toBe(target?.digest);
  const isSame = arrived?.bytes.equals(source.manifest(repository, 'v1')?.bytes ?? Buffer.alloc(0));
  expect(isSame).toBe(target?.digest === report.sourceDigest);
  if (isSame === true) return 'same digest';
  expect(target?.dropped.every(({ reason }) => reason !== '')).toBe(true);
  return `without ${target?.dropped.length} of it`;
}

function refused({ code, decision, message }: RegistryError, layersMoved: boolean): string {
  expect(decision, message).toBe('block');
  expect(message.length).toBeGreaterThan(20);
  return `refused: \`${code}\`${layersMoved ? ', after layers' : ''}`;
}

interface ManifestJson {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string; readonly urls?: readonly string[] }[];
  readonly manifests?: readonly { readonly digest: string }[] | null;
}

/** Every manifest and blob that a reference at the source contains, except layers with external URLs. */
function contentsOf(repository: string, reference: string): { digest: string; kind: 'manifest' | 'blob' }[] {
  const bytes = source.manifest(repository, reference)?.bytes;
  if (bytes === undefined) return [];
  const { config, layers = [], manifests: listed } = JSON.parse(bytes.toString()) as ManifestJson;
  const manifests = listed ?? [];
  const own = layers.filter(({ urls }) => urls === undefined);
  return [
    ...[config ?? [], own].flat().map(({ digest }) => ({ digest, kind: 'blob' as const })),
    ...manifests.map(({ digest }) => ({ digest, kind: 'manifest' as const })),
    ...manifests.flatMap(({ digest }) => contentsOf(repository, digest)),
  ];
}

function layersOf(repository: string, reference: string): string[] {
  const bytes = source.manifest(repository, reference)?.bytes;
  if (bytes === undefined) return [];
  const { layers = [], manifests } = JSON.parse(bytes.toString()) as ManifestJson;
  const below = (manifests ?? []).flatMap(({ digest }) => layersOf(repository, digest));
  return [...layers.map(({ digest }) => digest), ...below];
}

function repositoryOf(name: string): string {
  return `kinds/${slug(name)}`;
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function readTable(): readonly (readonly string[])[] {
  const whole = readFileSync(page, 'utf8').split('\n');
  // The page's first table; others follow.
  const rest = whole.slice(whole.findIndex((line) => line.startsWith('|')));
  const lines = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith('|')),
  );
  const rows = lines.filter((line) => !/^\|[\s|-]+$/.test(line));
  return rows.map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function writeTable(table: readonly (readonly string[])[]): void {
  const [head = [], ...rows] = table;
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const rest = readFileSync(page, 'utf8').split('\n');
  const first = rest.findIndex((line) => line.startsWith('|'));
  const after = rest.slice(first).findIndex((line) => !line.startsWith('|'));
  rest.splice(first, after === -1 ? rest.length - first : after, ...lines);
  writeFileSync(page, rest.join('\n'));
}
