import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { errorMessage } from '../domain/error-message.js';
import { FerryError } from '../domain/ferry-error.js';
import { hasVersion, referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';
import { readChartFiles } from './chart-files.js';
import type { ChartFiles } from './chart-files.js';
import type { ChartPrograms } from './chart-programs.js';
import type { Discovery } from './discovery.js';
import { findKubernetesImages, isKubernetesObject } from './kubernetes-images.js';
import { findLikely } from './likely-images.js';
import { readYaml } from './read-text.js';
import { runProgram, withPrivateFolder } from './run-program.js';
import { readYamlDocuments } from './yaml-documents.js';
import type { Path } from './yaml-documents.js';

/** A Helm that was built with Go alone renders for 1.20, which charts refuse. */
const standardKubeVersion = '1.35.0';
/** In which authors of charts list images: Artifact Hub's, Helm's own convention, and that of Bitnami. */
const imageAnnotations = ['artifacthub.io/images', 'helm.sh/images', 'images'] as const;

export interface ChartOptions {
  readonly programs: ChartPrograms;
  /** Paths of values files. */
  readonly values: readonly string[];
  /** `name=value`, as for `helm --set`. */
  readonly sets: readonly string[];
  /** The version of Kubernetes that charts are rendered for. */
  readonly kubeVersion?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A chart, with the fields of its `Chart.yaml`. */
interface Chart extends Pick<ChartFiles, 'folder' | 'values'> {
  readonly fields: Readonly<Record<string, unknown>>;
  lineOf(path: Path): number | undefined;
}

/**
 * Finds the images of a Helm chart: of everything that `helm template` renders with the given values (also hooks, tests
 * and definitions of resources), and of the annotations of the chart and the charts in it. Images in values of parts that
 * are switched off are likely.
 *
 * @param chart path of its folder or archive, or `oci://host/path[:version]`
 * @param source shown in evidence
 */
export async function readChart(
  discovery: Discovery,
  chart: string,
  source: string,
  options: ChartOptions,
): Promise<void> {
  try {
    const program = await options.programs.helm();
    await withPrivateFolder(options.programs.variables, async (folder, inherited) => {
      const environment = { ...inherited, ...helmFolders(folder, options.programs.variables) };
      const run = async (what: string, args: readonly string[]): Promise<string> =>
        await runProgram({ what, program, args, environment, signal: options.signal });
      const path = chart.startsWith('oci://') ? await pull(chart, folder, run) : chart;
      const values = options.values.flatMap((file) => ['--values', file]);
      const sets = options.sets.flatMap((set) => ['--set', set]);
      const version = options.kubeVersion ?? standardKubeVersion;
      const args = ['template', 'release', path, '--include-crds', '--kube-version', version, ...values, ...sets];
      const rendered = await run(`helm template ${source}`, args);
      readRendered(discovery, rendered, source);
      const used = chartsIn(rendered);
      const files = await readChartFiles(path, (part, reason) => discovery.fault(join(source, part), reason));
      const charts = files.map(described);
      const aliases = aliasesIn(charts);
      for (const one of charts) {
        const isUsed = one.folder === '' || namesOf(one, aliases).some((name) => used.has(name));
        if (isUsed) readFiles(discovery, one, source);
      }
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof FerryError)) discovery.fault(source, `it cannot be read: ${errorMessage(error)}`);
    else discovery.fault(source, `${error.message}${adviceFor(error.message)}`);
  }
}

/** Reads what Helm printed. Each document names the template that it is from; lines are those of the whole output. */
function readRendered(discovery: Discovery, text: string, source: string): void {
  for (const document of readYamlDocuments(text)) {
    if (document.kind === 'fault') {
      discovery.fault(`${source} (line ${document.line} of what is rendered)`, document.reason);
      continue;
    }
    const template = /^# Source: (\S+)/m.exec(document.text.slice(0, 1_000))?.[1];
    const from = `${template === undefined ? source : join(source, ...template.split('/').slice(1))} (rendered)`;
    const { value, lineOf } = document;
    if (!isKubernetesObject(value)) findLikely(discovery, value, { source: from, prefix: '', lineOf });
    else if (value.kind === 'CustomResourceDefinition') readYaml(discovery, document.text, from);
    else findKubernetesImages(discovery, value, { source: from, lineOf });
  }
}

async function pull(
  chart: string,
  folder: string,
  run: (what: string, args: readonly string[]) => Promise<string>,
): Promise<string> {
  const [, address = chart, version] = /^(oci:\/\/.*?)(?::([^/:]+))?$/.exec(chart) ?? [];
  const isLoopback = /^oci:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?\//.test(chart);
  const options = [...(version === undefined ? [] : ['--version', version]), ...(isLoopback ? ['--plain-http'] : [])];
  await run(`helm pull ${chart}`, ['pull', address, ...options, '--destination', folder]);
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (archive !== undefined) return join(folder, archive);
  throw new FerryError(`helm pull ${chart} has downloaded no chart`, { code: 'upstream-format', decision: 'block' });
}

/** Helm keeps its files in the private folder: no plugin, repository or login of the user is used, except registry logins. */
function helmFolders(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const logins = variables['HELM_REGISTRY_CONFIG'];
  return {
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_CONFIG_HOME: join(folder, 'config'),
    HELM_DATA_HOME: join(folder, 'data'),
    HELM_PLUGINS: join(folder, 'plugins'),
    ...(logins === undefined || logins === '' ? {} : { HELM_REGISTRY_CONFIG: logins }),
  };
}

/** Names of charts inside of a chart that have rendered something: the values of the others are of no use. */
function chartsIn(rendered: string): ReadonlySet<string> {
  const sources = rendered.matchAll(/^# Source: (\S+)/gm);
  return new Set(
    [...sources].flatMap(([, path = '']) => [...path.matchAll(/\/charts\/([^/]+)\//g)].map(([, name = '']) => name)),
  );
}

function described({ folder, chart, values }: ChartFiles): Chart {
  const [document] = readYamlDocuments(chart);
  return document?.kind === 'value' && isObject(document.value)
    ? { folder, values, fields: document.value, lineOf: document.lineOf }
    : { folder, values, fields: {}, lineOf: () => undefined };
}

/** A chart may be used by another name, which its templates then have. */
function aliasesIn(charts: readonly Chart[]): ReadonlyMap<string, readonly string[]> {
  const aliases = new Map<string, string[]>();
  for (const { dependencies } of charts.map(({ fields }) => fields)) {
    for (const dependency of Array.isArray(dependencies) ? (dependencies as unknown[]) : []) {
      const { name, alias } = isObject(dependency) ? dependency : {};
      if (typeof name === 'string' && typeof alias === 'string')
        aliases.set(name, [...(aliases.get(name) ?? []), alias]);
    }
  }
  return aliases;
}

function namesOf({ fields: { name } }: Chart, aliases: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return typeof name === 'string' ? [name, ...(aliases.get(name) ?? [])] : [];
}

function readFiles(discovery: Discovery, { folder, fields, lineOf, values }: Chart, source: string): void {
  const at = (name: string): string => [source, folder, name].filter((part) => part !== '').join('/');
  const { annotations, appVersion } = fields;
  for (const key of imageAnnotations) {
    const listed = isObject(annotations) ? annotations[key] : undefined;
    if (typeof listed !== 'string') continue;
    const line = lineOf(['annotations', key]);
    readAnnotation(discovery, listed, { source: at('Chart.yaml'), line, path: `annotations ${key}` });
  }
  if (values === undefined) return;
  const version = typeof appVersion === 'string' || typeof appVersion === 'number' ? String(appVersion) : undefined;
  readYaml(discovery, values, at('values.yaml'), { appVersion: version });
}

/**
 * A list of `name` and `image`. Annotations are not templates and may be stale: an image is only likely if the chart
 * renders another tag of the same repository.
 */
function readAnnotation(
  discovery: Discovery,
  text: string,
  place: { readonly source: string; readonly line: number | undefined; readonly path: string },
): void {
  const rendered = new Map<string, Set<string>>();
  for (const { reference, certainty } of discovery.finds) {
    if (certainty !== 'certain') continue;
    const repository = `${reference.host}/${reference.path}`;
    rendered.set(repository, (rendered.get(repository) ?? new Set()).add(reference.tag ?? reference.digest ?? ''));
  }
  for (const document of readYamlDocuments(text)) {
    const what = `${place.source}${place.line === undefined ? '' : `:${place.line}`} ${place.path}`;
    if (document.kind === 'fault') {
      discovery.unknownImage(what, document.reason);
      continue;
    }
    for (const entry of Array.isArray(document.value) ? (document.value as unknown[]) : []) {
      const image = isObject(entry) ? entry['image'] : entry;
      if (typeof image !== 'string') continue;
      const reference = referenceOf(image);
      const tags = reference === undefined ? undefined : rendered.get(`${reference.host}/${reference.path}`);
      if (reference === undefined || !hasVersion(image)) {
        const reason = `"${image.slice(0, 200)}" ${reference === undefined ? 'is not an image reference' : 'has no tag'}`;
        if (tags === undefined) discovery.unknownImage(what, reason);
        continue;
      }
      const isStale = tags !== undefined && !tags.has(reference.tag ?? reference.digest ?? '');
      discovery.find(reference, isStale ? 'likely' : 'certain', { ...place, rule: 'chart-annotation', text: image });
    }
  }
}

function adviceFor(message: string): string {
  if (message.includes('missing in charts/ directory')) return ': run "helm dependency build" in the chart first';
  if (message.includes('chart requires kubeVersion')) return ': pass the version of your cluster with --kube-version';
  if (/execution error|required|nil pointer|values don't meet/.test(message))
    return ': pass values with --values or --set';
  return '';
}
