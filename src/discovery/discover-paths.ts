import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import type { Lookup } from '../domain/compose-interpolation.js';
import { FerryError } from '../domain/ferry-error.js';
import { readChartFiles } from './chart-files.js';
import type { ChartPrograms } from './chart-programs.js';
import { Discovery } from './discovery.js';
import { shownPath } from './local-project-files.js';
import { readChart } from './read-chart.js';
import { kustomizationNames, readKustomization } from './read-kustomization.js';
import { formatOf, isDockerfileName, readText } from './read-text.js';
import { readTextFile, readTextStream } from './text-files.js';

/** Of all folders below one argument together. Documentation says these limits (`docs/find.md`). */
const mostEntries = 50_000;
const deepest = 40;
/** What is downloaded or generated, and what belongs to version control. */
const leftOutFolders: ReadonlySet<string> = new Set(['node_modules', 'vendor', '__pycache__', 'target', 'dist']);
const noImages =
  /^(?:package(?:-lock)?|tsconfig.*|composer|.*\.schema|openapi.*|swagger.*|renovate|angular|biome|turbo)\.json$|^pnpm-lock\.yaml$/i;

export interface DiscoverOptions {
  /** Values of variables in compose files, before those of `.env`. */
  readonly variables: Lookup;
  /** For charts: paths of values files, and `name=value`. */
  readonly values: readonly string[];
  readonly sets: readonly string[];
  readonly kubeVersion?: string | undefined;
  readonly programs: ChartPrograms;
  /** Read for the path `-`. */
  readonly standardInput: () => AsyncIterable<Uint8Array | string>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the images that files, folders, charts and standard input name. An input that cannot be read is reported in
 * `unread` and does not affect the others.
 */
export async function discoverPaths(paths: readonly string[], options: DiscoverOptions): Promise<Discovery> {
  const discovery = new Discovery();
  for (const path of paths) {
    options.signal?.throwIfAborted();
    const before = sizeOf(discovery);
    await discoverPath(discovery, path, options);
    if (sizeOf(discovery) === before) {
      discovery.fault(sourceOf(path), 'no image is named in it');
    }
  }
  return discovery;
}

function sizeOf({ finds, unread, unknown }: Discovery): number {
  return finds.length + unread.length + unknown.length;
}

async function discoverPath(discovery: Discovery, path: string, options: DiscoverOptions): Promise<void> {
  if (path === '-') return await readInput(discovery, options);
  if (path.startsWith('oci://')) return await readChart(discovery, path, path, options);
  const source = sourceOf(path);
  let real: string;
  try {
    real = await realpath(path);
    const stats = await stat(real);
    if (stats.isDirectory()) return await new FolderReader(discovery, real, options).read(real, source);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ELOOP' && code !== 'ENOENT' && code !== 'EACCES' && code !== 'ENOTDIR') throw error;
    return discovery.fault(source, reasonOf(code));
  }
  if (/\.(?:tgz|tar\.gz)$/.test(path)) return await readChart(discovery, real, source, options);
  const read = await readTextFile(real);
  if ('fault' in read) return discovery.fault(source, read.fault);
  return await readText(discovery, { text: read.text, source, path: real, variables: options.variables });
}

async function readInput(discovery: Discovery, { standardInput, variables }: DiscoverOptions): Promise<void> {
  const source = 'standard input';
  const read = await readTextStream(standardInput());
  if ('fault' in read) return discovery.fault(source, read.fault);
  // Files that it includes are looked for in the current folder.
  return await readText(discovery, { text: read.text, source, path: join(process.cwd(), 'standard input'), variables });
}

class FolderReader {
  readonly #discovery: Discovery;
  readonly #options: DiscoverOptions;
  readonly #root: string;
  #entries = 0;

  /** @param root real path of the folder that is the input */
  constructor(discovery: Discovery, root: string, options: DiscoverOptions) {
    this.#root = root;
    this.#discovery = discovery;
    this.#options = options;
  }

  async read(folder: string, source: string, depth = 0): Promise<void> {
    this.#options.signal?.throwIfAborted();
    if (depth > deepest) return this.#discovery.fault(source, `folders are nested more than ${deepest} deep`);
    const entries = await this.#list(folder, source);
    const names = new Set(entries.map(({ name }) => name));
    if (names.has('Chart.yaml')) return await readChart(this.#discovery, folder, source, this.#options);
    if ([...kustomizationNames].some((name) => names.has(name))) {
      return await readKustomization(this.#discovery, folder, source, this.#options);
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const at = source === '.' ? entry.name : join(source, entry.name);
      if (entry.name.startsWith('.') || leftOutFolders.has(entry.name)) continue;
      if (entry.isDirectory()) await this.read(path, at, depth + 1);
      else if (entry.isSymbolicLink() && (await isFolder(path))) await this.#reportLink(path, at);
      else if (isChartArchive(entry.name)) await this.#readArchive(path, at);
      else if (isKnownName(entry.name)) await this.#readFile(path, at);
    }
  }

  async #list(folder: string, source: string) {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      this.#entries += entries.length;
      if (this.#entries <= mostEntries) return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      this.#discovery.fault(source, `more than ${mostEntries} files and folders: pass the folders that name images`);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      this.#discovery.fault(source, reasonOf(code));
    }
    return [];
  }

  /** A link to a folder is not followed, since it may lead back up. Its target may be read all the same. */
  async #reportLink(path: string, source: string): Promise<void> {
    const inside = relative(this.#root, await realpath(path)).split(sep);
    const isRead = inside[0] !== '..' && !inside.some((name) => name.startsWith('.') || leftOutFolders.has(name));
    if (isRead) return;
    this.#discovery.fault(source, 'it is a link to a folder, which is not followed: pass that folder, too');
  }

  /** Archives of other things have such names, too. */
  async #readArchive(path: string, source: string): Promise<void> {
    try {
      const charts = await readChartFiles(path, () => undefined);
      if (charts.length > 0) await readChart(this.#discovery, path, source, this.#options);
    } catch (error) {
      if (!(error instanceof FerryError)) throw error;
      this.#discovery.fault(source, error.message);
    }
  }

  async #readFile(path: string, source: string): Promise<void> {
    const read = await readTextFile(path);
    if ('fault' in read) return this.#discovery.fault(source, read.fault);
    // Templates of other programs have names of YAML and are none. `${{ }}` is part of a text.
    if (
      /(?<!\$)\{\{-?\s|\{%/.test(read.text) &&
      !/^apiVersion:/m.test(read.text) &&
      formatOf(path, read.text) === 'yaml'
    ) {
      return this.#discovery.fault(source, 'it is a template: what it renders is not known');
    }
    return await readText(this.#discovery, { text: read.text, source, path, variables: this.#options.variables });
  }
}

/** As `helm package` names it: `app-1.2.3.tgz`. */
function isChartArchive(name: string): boolean {
  return /-v?\d+\.\d+\.\d+[^/]*\.tgz$/.test(name);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // What cannot be opened is reported where it is read.
    return false;
  }
}

/** The names that a folder is searched for. */
function isKnownName(name: string): boolean {
  if (noImages.test(name) || name.startsWith('.')) return false;
  return /\.(?:ya?ml|json)$/i.test(name) || isDockerfileName(name) || /image.*\.(?:txt|list|lst)$/i.test(name);
}

function sourceOf(path: string): string {
  if (path === '-') return 'standard input';
  return path.startsWith('oci://') ? path : shownPath(path);
}

function reasonOf(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file or folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission to read it is denied';
  if (code === 'ELOOP') return 'it is a symbolic link to itself';
  return `it cannot be read: ${code ?? 'unknown error'}`;
}
