import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { distFolder, packageFolder } from '../src/config/package-folder.js';

/** The environment variable that names each tool of the set-up; asked before what the set-up found. */
const variables = {
  temporal: 'FERRY_TEMPORAL_CLI',
  registry: 'FERRY_REGISTRY',
  'docker-registry': 'FERRY_DOCKER_REGISTRY',
  skopeo: 'FERRY_SKOPEO',
  'crane-registry': 'FERRY_CRANE_REGISTRY',
  nginx: 'FERRY_NGINX',
  mariadbd: 'FERRY_MARIADBD',
  helm: 'FERRY_HELM',
  kustomize: 'FERRY_KUSTOMIZE',
  chromium: 'FERRY_CHROMIUM',
  docker: 'FERRY_DOCKER',
  dockerd: 'FERRY_DOCKERD',
  prometheus: 'FERRY_PROMETHEUS',
  promtool: 'FERRY_PROMTOOL',
  crane: 'FERRY_CRANE',
  regctl: 'FERRY_REGCTL',
  regsync: 'FERRY_REGSYNC',
  'consumer-hosts': 'FERRY_CONSUMER_HOSTS',
  'consumer-policies': 'FERRY_CONSUMER_POLICIES',
  etcd: 'FERRY_ETCD',
  'kube-apiserver': 'FERRY_KUBE_APISERVER',
} as const;

export type ToolName = keyof typeof variables;

/** The folder of package.json, from the sources and from dist/ alike. */
export const projectRoot = packageFolder;

/** Path of a tool; undefined when it is not available. */
export function findTool(name: ToolName): string | undefined {
  const chosen = process.env[variables[name]];
  if (chosen !== undefined && chosen !== '') return chosen;
  const record = join(distFolder, 'tools.json');
  if (!existsSync(record)) return undefined;
  const path = (JSON.parse(readFileSync(record, 'utf8')) as Partial<Record<ToolName, string>>)[name];
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** @throws Error that says how to get the tool */
export function requireTool(name: ToolName): string {
  const path = findTool(name);
  if (path !== undefined) return path;
  throw new Error(`${name} is needed here: run \`npm run setup\`, or set ${variables[name]} to its path`);
}
