import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import type { JsonSchema, RecordedApi } from './kubernetes-api.js';

/** Of each minor version the newest patch that was there. */
const versions = ['1.29.6', '1.30.14', '1.31.14', '1.32.13', '1.33.13', '1.34.4', '1.35.4', '1.36.3', '1.37.2'];

/** What the chart renders, by the names of the API's definitions. */
const kinds = [
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.batch.v1.Job',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.core.v1.Pod',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.core.v1.ServiceAccount',
  'io.k8s.api.networking.v1.Ingress',
  'io.k8s.api.networking.v1.NetworkPolicy',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
];

const kedaModule = 'github.com/kedacore/keda/v2@v2.21.0';

/** Custom resources of operators: the folders with their definitions, and the files. */
const operators = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
    files: /_servicemonitors\.yaml$/,
  },
  { module: kedaModule, folder: 'config/crd/bases', files: /keda\.sh_(scaledobjects|triggerauthentications)\.yaml$/ },
];

/**
 * Reads the API schemas of Kubernetes and of two operators out of their Go modules and writes what the chart needs of
 * them. About 5 minutes, since each version of Kubernetes is 50 MB.
 */
export function recordKubernetesApi(path: string): void {
  const schemas: Record<string, JsonSchema> = {};
  const remember = (schema: JsonSchema): string => {
    const hash = createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 12);
    schemas[hash] = schema;
    return hash;
  };
  const recorded: RecordedApi = {
    versions: Object.fromEntries(
      versions.map((version) => {
        const definitions = insideModule(`k8s.io/kubernetes@v${version}`, (folder) => {
          const text = readFileSync(join(folder, 'api', 'openapi-spec', 'swagger.json'), 'utf8');
          return neededOf((JSON.parse(text) as { definitions: Record<string, JsonSchema> }).definitions);
        });
        const hashes = Object.entries(definitions).map(([name, schema]) => [name, remember(schema)]);
        return [version, Object.fromEntries(hashes) as Record<string, string>];
      }),
    ),
    customResources: Object.fromEntries(
      operators.flatMap(({ module, folder, files }) =>
        insideModule(module, (root) => customResources(join(root, folder), files)),
      ),
    ),
    kedaTemporalParameters: insideModule(kedaModule, (folder) => {
      const source = readFileSync(join(folder, 'pkg', 'scalers', 'temporal_scaler.go'), 'utf8');
      const names = [...source.matchAll(/`keda:"name=([\w;]+),/g)].flatMap(([, name = '']) => name.split(';'));
      return [...new Set(names)].toSorted((one, other) => one.localeCompare(other));
    }),
    schemas,
  };
  writeFileSync(path, `${JSON.stringify(recorded)}\n`);
}

/** Downloads a module into a folder of its own, which is removed afterwards. */
function insideModule<T>(module: string, read: (folder: string) => T): T {
  const cache = mkdtempSync(join(tmpdir(), 'ferry-go-module-'));
  const env = { ...process.env, GOMODCACHE: cache, GOFLAGS: '-modcacherw -mod=mod' };
  try {
    const answer = execFileSync('go', ['mod', 'download', '-json', module], { cwd: cache, env, encoding: 'utf8' });
    return read((JSON.parse(answer) as { readonly Dir: string }).Dir);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** The definitions of the kinds and everything that they refer to. */
function neededOf(all: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  const needed: Record<string, JsonSchema> = {};
  const add = (name: string): void => {
    const definition = all[name];
    if (definition === undefined || name in needed) return;
    needed[name] = shortened(definition) as JsonSchema;
    for (const [, other = ''] of JSON.stringify(needed[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) add(other);
  };
  for (const kind of kinds) add(kind);
  return needed;
}

function customResources(folder: string, files: RegExp): readonly (readonly [string, JsonSchema])[] {
  const chosen = readdirSync(folder).filter((name) => files.test(name));
  return chosen.map((name) => {
    const { spec } = parse(readFileSync(join(folder, name), 'utf8')) as CustomResourceDefinition;
    const [version] = spec.versions;
    if (version === undefined) throw new Error(`${name} defines no version`);
    const schema = shortened(version.schema.openAPIV3Schema) as JsonSchema;
    return [`${spec.group}/${version.name}/${spec.names.kind}`, schema] as const;
  });
}

interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: JsonSchema } }[];
  };
}

/** Without descriptions, which are most of it. A property may itself be called `description`, so only texts are left out. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'description' || typeof inner !== 'string');
  return Object.fromEntries(entries.map(([key, inner]) => [key, shortened(inner)]));
}
