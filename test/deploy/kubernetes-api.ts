import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';

import { projectRoot } from '../support/tools.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The API schemas of several versions of Kubernetes. A definition that two versions share is there once. */
export interface RecordedApi {
  /** By version: hashes of the definitions by their names. */
  readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By `group/version/kind`. */
  readonly customResources: Readonly<Record<string, JsonSchema>>;
  /** What KEDA's trigger `temporal` reads. */
  readonly kedaTemporalParameters: readonly string[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

export const recordedApiPath = join(projectRoot, 'test', 'deploy', 'kubernetes-api.json');

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** Checks objects as a server with strict field validation does. */
export interface KubernetesApi {
  readonly version: string;
  /** @returns what is wrong, with the path of the field */
  faultsOf(object: KubernetesObject): readonly string[];
}

export function readKubernetesApis(): {
  readonly apis: readonly KubernetesApi[];
  readonly kedaTemporalParameters: readonly string[];
} {
  const recorded = JSON.parse(readFileSync(recordedApiPath, 'utf8')) as RecordedApi;
  const apis = Object.keys(recorded.versions).map((version) => apiOf(version, recorded));
  return { apis, kedaTemporalParameters: recorded.kedaTemporalParameters };
}

function apiOf(version: string, { versions, schemas, customResources }: RecordedApi): KubernetesApi {
  const names = Object.entries(versions[version] ?? {});
  const definitions = Object.fromEntries(names.map(([name, hash]) => [name, strict(name, schemas[hash] ?? {})]));
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (apiVersion: string, kind: string): ValidateFunction | undefined => {
    const known = validators.get(`${apiVersion}/${kind}`);
    if (known !== undefined) return known;
    const schema = schemaOf(apiVersion, kind);
    if (schema === undefined) return undefined;
    const made = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    validators.set(`${apiVersion}/${kind}`, made);
    return made;
  };
  function schemaOf(apiVersion: string, kind: string): JsonSchema | undefined {
    const custom = customResources[`${apiVersion}/${kind}`];
    if (custom !== undefined) return strict(kind, custom);
    const [group = '', number = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
    const name = `io.k8s.api.${group.replace('.k8s.io', '')}.${number}.${kind}`;
    return name in definitions ? { $ref: `#/definitions/${name}`, definitions } : undefined;
  }
  return {
    version,
    faultsOf({ apiVersion, kind, ...rest }) {
      const validate = validatorOf(apiVersion, kind);
      if (validate === undefined) return [`${apiVersion} ${kind} does not exist`];
      if (validate({ apiVersion, kind, ...rest })) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
      );
    },
  };
}

/** Quantities and the like, which are texts or numbers whatever their schema says. */
const either = /IntOrString$|\.Quantity$/;

/** Unknown fields are faults where the schema lists the known ones. */
function strict(name: string, schema: JsonSchema): JsonSchema {
  return either.test(name) ? { type: ['string', 'number'] } : (closed(schema) as JsonSchema);
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
  if ('x-kubernetes-int-or-string' in value) return { type: ['string', 'number'] };
  const listsFields =
    typeof schema['properties'] === 'object' && (schema['type'] === 'object' || schema['type'] === undefined);
  const isOpen = 'x-kubernetes-preserve-unknown-fields' in value || 'additionalProperties' in value;
  const isMetadata = 'x-kubernetes-embedded-resource' in value;
  return listsFields && !isOpen && !isMetadata ? { ...schema, additionalProperties: false } : schema;
}
