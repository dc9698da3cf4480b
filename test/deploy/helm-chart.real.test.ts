import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { knownVariables } from '../../src/config/unknown-variables.js';
import { projectRoot } from '../support/tools.js';
import { readKubernetesApis, recordedApiPath } from './kubernetes-api.js';
import type { KubernetesObject } from './kubernetes-api.js';
import { recordKubernetesApi } from './record-kubernetes-api.js';
import { chart, helm, renderChart, valueSets, valuesFile } from './render-chart.js';

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports?: readonly { readonly name: string }[];
  readonly resources: { readonly limits: object };
  readonly securityContext: object;
  readonly readinessProbe?: object;
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly Container[]; readonly [key: string]: unknown };
}

interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly template?: PodTemplate; readonly [key: string]: unknown };
  readonly data?: Readonly<Record<string, string>>;
}

const secretName = /(PASSWORD|SECRET|TOKEN|API_KEY)$/;

// The API schemas are recorded: FERRY_RECORD_KUBERNETES_API=1 reads them out of Go modules and writes them.
beforeAll(() => {
  if (process.env['FERRY_RECORD_KUBERNETES_API'] === '1') recordKubernetesApi(recordedApiPath);
}, 900_000);

describe('the Helm chart', () => {
  const { apis, kedaTemporalParameters } = readKubernetesApis();

  test.each(valueSets)('helm lint --strict accepts the chart with the values %s', async (values) => {
    await expect(helm('lint', '--strict', chart, ...valuesFile(values))).resolves.toContain('0 chart(s) failed');
  });

  test.each(apis)(
    'Kubernetes $version accepts every object of the chart, with no unknown or misplaced field',
    async ({ version, faultsOf }) => {
      const sets = await Promise.all(valueSets.map(async (values) => await render(values, '--kube-version', version)));

      expect(sets.map((objects) => objects.length > 2)).toEqual(valueSets.map(() => true));
      for (const object of sets.flat()) {
        expect(faultsOf(object as unknown as KubernetesObject), nameOf(object)).toEqual([]);
      }
    },
  );

  test('the check finds a misspelled field, a text for a number, and an API that a version does not have', async () => {
    const newest = apis.at(-1);
    const [worker] = (await render('minimal')).filter(({ kind }) => kind === 'Deployment');
    const object = worker as unknown as KubernetesObject & { readonly spec: object };
    const faults = (changed: object) => newest?.faultsOf({ ...object, ...changed }).join();

    expect(faults({})).toBe('');
    expect(faults({ spec: { ...object.spec, replcias: 2 } })).toContain('replcias');
    expect(faults({ spec: { ...object.spec, replicas: 'two' } })).toContain('/spec/replicas must be integer');
    expect(faults({ apiVersion: 'apps/v1beta1' })).toBe('apps/v1beta1 Deployment does not exist');
  });

  test.each([
    [['--set', 'image.repository='], '/image/repository'],
    [['--set', 'temporal.address=http://temporal:7233'], '/temporal/address'],
    [['--set', 'mysql.password=hunter2'], "additional properties 'password' not allowed"],
    [['--set', 'variables.MY_REGISTRY_PASSWORD=hunter2'], "invalid propertyName 'MY_REGISTRY_PASSWORD'"],
    [['--set', 'secretVariables.GITHUB_TOKEN=hunter2'], '/secretVariables/GITHUB_TOKEN'],
    [['--set', 'worker.replica=3'], "additional properties 'replica' not allowed"],
    [['--set', 'worker.autoscaling.minReplicas=0'], '/worker/autoscaling/minReplicas'],
    [['--set', 'podSecurityContext.runAsNonRoot=false'], '/podSecurityContext/runAsNonRoot'],
    [['--set', 'server.ingress.enabled=true'], '/server/ingress/host'],
    [['--set', 'server.replicas=2'], 'server.secretVariables.FERRY_SESSION_SECRET'],
    [['--kube-version', '1.28.9'], 'incompatible with Kubernetes v1.28.9'],
  ])('the chart refuses %j and says where', async (given, said) => {
    await expect(render('minimal', ...given)).rejects.toThrow(said);
  });

  test.each(valueSets)(
    'with the values %s no secret is rendered: each is a key of a Secret that exists',
    async (values) => {
      const objects = await render(values);
      const variables = objects.flatMap(containersOf).flatMap(({ env }) => env);
      const secrets = variables.filter(({ name }) => secretName.test(name));

      expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
      expect(secrets).not.toHaveLength(0);
      for (const { name, value, valueFrom } of secrets) {
        expect(value, name).toBeUndefined();
        expect(valueFrom, name).toMatchObject({ secretKeyRef: { name: expect.any(String), key: expect.any(String) } });
      }
    },
  );

  test.each(valueSets)('with the values %s the chart sets no variable that the ferry does not know', async (values) => {
    const own = Object.keys(parseValues(values).worker?.secretVariables ?? {});
    const others = /^(TEMPORAL_TLS_|DOCKER_CONFIG$)/;
    const names = (await render(values)).flatMap(containersOf).flatMap(({ env }) => env.map(({ name }) => name));

    const unknown = names.filter((name) => !knownVariables.includes(name.replace(/_FILE$/, '')) && !others.test(name));

    expect(unknown.filter((name) => !own.includes(name))).toEqual([]);
  });

  test.each(valueSets)(
    'with the values %s every pod runs as an ordinary user on a read-only root, without a token and within a limit',
    async (values) => {
      for (const object of await render(values)) {
        for (const { spec } of podsOf(object)) {
          expect(spec).toMatchObject({
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          });
          for (const { securityContext, resources } of spec.containers) {
            expect(securityContext).toEqual({
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            });
            expect(resources.limits).toHaveProperty('memory');
          }
        }
        const unprobed = containersOf(object).filter(({ readinessProbe }) => readinessProbe === undefined);
        expect(object.kind === 'Deployment' ? unprobed : []).toEqual([]);
      }
    },
  );

  test.each(valueSets)('with the values %s every selector finds pods, and every named port exists', async (values) => {
    const objects = await render(values);
    const deployments = objects.filter(({ kind }) => kind === 'Deployment');
    const pods = deployments.flatMap(podsOf);
    const matching = (labels: Readonly<Record<string, string>>) =>
      pods.filter(({ metadata }) => Object.entries(labels).every(([name, value]) => metadata.labels[name] === value));

    for (const { kind, metadata, spec = {} } of objects) {
      const selector = (
        kind === 'Service' ? { matchLabels: spec['selector'] } : (spec['podSelector'] ?? spec['selector'])
      ) as { readonly matchLabels: Readonly<Record<string, string>> } | undefined;
      if (selector === undefined || kind === 'ServiceMonitor') continue;
      const found = matching(selector.matchLabels);
      expect(found, `${kind} ${metadata.name}`).not.toHaveLength(0);
      const ports = found.flatMap(({ spec: { containers } }) => containers.flatMap(({ ports: own = [] }) => own));
      const named = [...JSON.stringify(spec).matchAll(/"(?:targetPort|port)":"(\w+)"/g)].map(([, name]) => name);
      for (const name of named) expect(ports.map((port) => port.name)).toContain(name);
    }
  });

  test('KEDA scales the workers that there are, by parameters that its trigger reads', async () => {
    for (const values of ['everything', 'versions']) {
      const objects = await render(values);
      const scaled = objects.find(({ kind }) => kind === 'ScaledObject')?.spec as {
        readonly scaleTargetRef: { readonly name: string };
        readonly triggers: readonly {
          readonly metadata: object;
          readonly authenticationRef?: { readonly name: string };
        }[];
      };
      const worker = objects.find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === scaled.scaleTargetRef.name,
      );

      expect(worker?.spec).not.toHaveProperty('replicas');
      const authentications = scaled.triggers.flatMap(({ authenticationRef }) => authenticationRef ?? []);
      const parameters = scaled.triggers.flatMap(({ metadata }) => Object.keys(metadata));
      expect(kedaTemporalParameters).toEqual(expect.arrayContaining(parameters));
      expect(objects.map(nameOf)).toEqual(
        expect.arrayContaining(authentications.map(({ name }) => `TriggerAuthentication ${name}`)),
      );
    }
  });

  test('an upgrade with versions starts workers beside the old ones, which Helm keeps; without them it replaces them', async () => {
    const nameAndVersion = async (values: string, tag: string) => {
      const objects = await render(values, '--set', `image.tag=${tag}`);
      const worker = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.includes('worker'));
      const version = worker?.spec?.template?.spec.containers[0]?.env.find(({ name }) => name === 'FERRY_BUILD_ID');
      return { name: worker?.metadata.name, keeps: worker?.metadata.annotations, version: version?.value };
    };

    const [before, after] = [await nameAndVersion('versions', '1.4.0'), await nameAndVersion('versions', '1.5.0')];
    const [plain, replaced] = [await nameAndVersion('minimal', '1.4.0'), await nameAndVersion('minimal', '1.5.0')];

    expect(before.name).not.toBe(after.name);
    expect([before.version, after.version]).toEqual(['1.4.0', '1.5.0']);
    expect(after.keeps).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(plain).toEqual({ name: replaced.name, keeps: undefined, version: undefined });
  });

  test('the configuration is in the ConfigMap as it was given, and a change of it starts new pods', async () => {
    const [before, after] = [
      await render('everything'),
      await render('everything', '--set', 'config.mutableTags.tags={latest}'),
    ];
    const sumOf = (objects: readonly Rendered[]) =>
      objects.flatMap(podsOf).map((pod) => JSON.stringify(pod).match(/"checksum\/config":"(\w+)"/)?.[1]);

    const given = before.find(({ kind }) => kind === 'ConfigMap')?.data?.['ferry.yaml'] ?? '';

    expect(parse(given)).toEqual(parseValues('everything').config);
    expect(sumOf(before)).not.toEqual(sumOf(after));
  });

  test('chart and ferry have one version', () => {
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

    expect(parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))).toMatchObject({ version, appVersion: version });
  });
});

interface Values {
  readonly config?: object;
  readonly worker?: { readonly secretVariables?: object };
}

function parseValues(values: string): Values {
  return parse(readFileSync(join(chart, 'ci', `${values}-values.yaml`), 'utf8')) as Values;
}

const rendered = new Map<string, Promise<readonly Rendered[]>>();

async function render(values: string, ...options: string[]): Promise<readonly Rendered[]> {
  const key = [values, ...options].join(' ');
  const known = rendered.get(key) ?? renderChart<Rendered>(values, ...options);
  rendered.set(key, known);
  return await known;
}

function nameOf({ kind, metadata }: Rendered): string {
  return `${kind} ${metadata.name}`;
}

function podsOf({ kind, metadata, spec }: Rendered): readonly PodTemplate[] {
  if (kind === 'Pod') return [{ metadata, spec } as unknown as PodTemplate];
  return spec?.template === undefined ? [] : [spec.template];
}

function containersOf(object: Rendered): readonly Container[] {
  return podsOf(object).flatMap(({ spec }) => spec.containers);
}
