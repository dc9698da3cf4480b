import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readAnswer, runFerry } from '../../demo/ferry-process.js';
import { machineVariables } from '../../demo/machine-variables.js';
import { mutatingPolicies } from '../../src/consumers/mutating-policy.js';
import { indexOf, mirrored, registry } from '../consumers/mirror-stage.js';
import { objectsIn, renderChart, valueSets } from '../deploy/render-chart.js';
import { startApiServer } from './api-server.js';
import type { ApiServer } from './api-server.js';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Kinds of operators that a bare cluster does not have. */
const ofOperators = ['ServiceMonitor', 'ScaledObject', 'TriggerAuthentication'];

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
}, 180_000);
afterAll(async () => {
  await server.stop();
});

test.each(valueSets)('kube-apiserver accepts every object of the chart with the values %s', async (values) => {
  const manifests = await render(values);

  const answers: string[] = [];
  for (const manifest of manifests) {
    if (ofOperators.includes(manifest.kind)) continue;
    const { status, body } = await create(manifest, '?dryRun=All&fieldValidation=Strict');
    answers.push(`${manifest.kind} ${status}${status === 201 ? '' : ` ${messageOf(body)}`}`);
  }

  expect(answers).not.toHaveLength(0);
  expect(answers.filter((answer) => !answer.endsWith(' 201'))).toEqual([]);
});

test('the check finds a misspelled field', async () => {
  const [deployment] = (await render('minimal')).filter(({ kind }) => kind === 'Deployment');
  const wrong = { ...deployment, spec: { replcias: 2 } } as unknown as Manifest;

  const { status, body } = await create(wrong, '?dryRun=All&fieldValidation=Strict');

  expect([status, messageOf(body)]).toEqual([400, expect.stringContaining('unknown field "spec.replcias"')]);
});

test('the policies of ferry use give new pods and workloads mirrored names, and change nothing else', async () => {
  const others = Array.from({ length: 1_000 }, (_, at) => mirrored(`docker.io/library/image-${at}:1`));
  const index = indexOf([...others, mirrored('docker.io/library/nginx:1.27')]);
  const output = mutatingPolicies(index.names, index, { target: 'aliyun', pinned: false, podsOnly: false });
  const policies = objectsIn<Manifest>(output.files[0]?.text ?? '');
  for (const policy of policies) {
    expect([policy.kind, await create(policy)]).toEqual([policy.kind, expect.objectContaining({ status: 201 })]);
  }

  // A policy is in force some moments after it was created.
  await expect
    .poll(async () => await imagesOf(podWith('probe', ['nginx:1.27'])), { timeout: 60_000 })
    .toEqual([`${registry}/mirror/nginx:1.27`]);
  const images = ['docker.io/library/image-999:1', 'registry.example.com/other:1'];
  expect(await imagesOf(podWith('web', images))).toEqual([`${registry}/mirror/image-999:1`, images[1]]);
  const { body } = await create(deploymentWith('web', 'nginx:1.27'), '?dryRun=All');
  expect(body).toMatchObject({
    spec: { template: { spec: { containers: [{ name: 'c0', image: `${registry}/mirror/nginx:1.27` }] } } },
  });
  for (const policy of policies) await remove(policy);
  await expect
    .poll(async () => await imagesOf(podWith('probe', ['nginx:1.27'])), { timeout: 60_000 })
    .toEqual(['nginx:1.27']);
});

test('ferry find --cluster lists the images of a real cluster, with what names each', async () => {
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await create({ ...deploymentWith('web', 'nginx:1.27'), metadata: { name: 'web', namespace: 'shop' } });
  const pod = podWith('job', ['ghcr.io/team/job:2']);
  await create({ ...pod, metadata: { name: 'job', namespace: 'shop' } });
  const folder = mkdtempSync(join(tmpdir(), 'ferry-find-'));
  try {
    const environment = { ...machineVariables(), KUBECONFIG: server.kubeconfig, FERRY_DATA_DIR: folder };
    const found = await runFerry(['find', '--cluster', '--json'], environment);

    const { images } = readAnswer<{ images: readonly { image: string; evidence: readonly object[] }[] }>(
      ['find', '--cluster', '--json'],
      found,
    );
    expect(images.map(({ image }) => image).toSorted()).toEqual(['docker.io/library/nginx:1.27', 'ghcr.io/team/job:2']);
    expect(JSON.stringify(images)).toContain('shop');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function render(values: string): Promise<readonly Manifest[]> {
  return await renderChart<Manifest>(values, '--namespace', 'default', '--kube-version', '1.37.2');
}

async function create(manifest: Manifest, query = '') {
  return await server.ask('POST', `${await collectionOf(manifest)}${query}`, manifest);
}

async function remove(manifest: Manifest): Promise<void> {
  await server.ask('DELETE', `${await collectionOf(manifest)}/${manifest.metadata.name}`);
}

/** As a client of Kubernetes finds it: the API's own list says the name of the resource. */
async function collectionOf({ apiVersion, kind, metadata }: Manifest): Promise<string> {
  const api = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { body } = await server.ask('GET', api);
  const { resources = [] } = body as {
    readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
  };
  const resource = resources.find((one) => one.kind === kind && !one.name.includes('/'));
  if (resource === undefined) throw new Error(`kube-apiserver does not serve ${apiVersion} ${kind}`);
  const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${api}${scope}/${resource.name}`;
}

async function imagesOf(pod: Manifest): Promise<readonly string[]> {
  const { body } = await create(pod, '?dryRun=All');
  const { spec } = body as { readonly spec?: { readonly containers: readonly { readonly image: string }[] } };
  return spec?.containers.map(({ image }) => image) ?? [messageOf(body)];
}

function containersWith(images: readonly string[]): readonly object[] {
  return images.map((image, at) => ({ name: `c${at}`, image }));
}

function podWith(name: string, images: readonly string[]): Manifest & { readonly spec: object } {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: containersWith(images) } };
}

function deploymentWith(name: string, image: string): Manifest & { readonly spec: object } {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: containersWith([image]) } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template },
  };
}

function messageOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : JSON.stringify(body);
}
