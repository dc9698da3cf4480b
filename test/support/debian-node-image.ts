import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

import type { DockerDaemon } from './docker-daemon.js';

const nodeVersion = '24.22.3';
/** Beside the essential packages, whose dependencies come with them. */
const added = ['apt', 'debian-archive-keyring', 'debconf', 'mawk'];
/** Certificates that Node trusts here beside its own, for a machine behind a proxy that ends TLS. */
const extraCertificates = process.env['NODE_EXTRA_CA_CERTS'];
const certificatesPlace = '/usr/local/share/extra-certificates.pem';
/** Configuration that the scripts of the packages made. */
const configuration = [
  '/etc/apt',
  '/etc/nsswitch.conf',
  '/etc/debconf.conf',
  '/etc/alternatives',
  '/var/cache/debconf',
];

/**
 * Loads an image that stands for `node:24-bookworm-slim`, which is on Docker Hub alone: the files of this machine's Debian
 * packages, Node from the npm registry, and npm with this machine's cache, so that a build downloads little.
 *
 * @throws Error if this machine is not a Debian one
 */
export async function loadNodeImage({ program, environment }: DockerDaemon, name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-base-image-'));
  try {
    const root = join(folder, 'root');
    mkdirSync(root);
    const packages = packagesWithDependencies();
    const paths = packages.flatMap(filesOf);
    const list = join(folder, 'list');
    writeFileSync(list, [...new Set(paths)].map((path) => `${path.slice(1)}\n`).join(''));
    execFileSync('sh', [
      '-c',
      `tar --create --directory=/ --no-recursion --files-from='${list}' | tar --extract --directory='${root}'`,
    ]);
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) linkAsHere(root, name);
    for (const path of configuration) copyIn(root, path);
    describePackages(root, packages);
    chooseMawk(root);
    writeUsers(root);
    installNode(root);
    execFileSync('ldconfig', ['-r', root]);
    await importImage({ program, environment, root, name });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dpkgQuery(format: string, ...names: string[]): readonly string[] {
  return execFileSync('dpkg-query', ['--show', `--showformat=${format}\n`, ...names], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

function packagesWithDependencies(): readonly string[] {
  const rows = dpkgQuery('${Package}\t${Essential}\t${Pre-Depends}, ${Depends}\t${Status}').map((line) =>
    line.split('\t'),
  );
  const installed = new Map(
    rows.filter(([, , , status]) => status?.endsWith(' installed') === true).map((row) => [row[0] ?? '', row]),
  );
  const chosen = new Set<string>();
  const add = (name: string): void => {
    const row = installed.get(name);
    if (row === undefined || chosen.has(name)) return;
    chosen.add(name);
    for (const [, other = ''] of (row[2] ?? '').matchAll(/(?:^|[,|]) *([a-z0-9.+-]+)/g)) add(other);
  };
  for (const [name, row] of installed) if (row[1] === 'yes') add(name);
  for (const name of added) add(name);
  return [...chosen];
}

/** Where they are here: Debian's packages still name `/bin/sh`, which is in `/usr/bin`. */
function filesOf(name: string): readonly string[] {
  const listed = execFileSync('dpkg-query', ['--listfiles', name], { encoding: 'utf8' }).split('\n');
  return listed
    .filter(
      (path) => path.startsWith('/') && !/^\/usr\/share\/(doc|man|locale|info|lintian)\//.test(path) && path !== '/.',
    )
    .filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    .map((path) => join(realpathSync(dirname(path)), basename(path)))
    .filter((path) => !['/bin', '/sbin', '/lib', '/lib64'].includes(path));
}

function linkAsHere(root: string, name: string): void {
  const place = join(root, name);
  if (lstatSync(place, { throwIfNoEntry: false }) === undefined)
    symlinkSync(relative('/', realpathSync(`/${name}`)), place);
}

function copyIn(root: string, path: string): void {
  if (existsSync(path)) cpSync(path, join(root, path), { recursive: true, verbatimSymlinks: true });
}

/** This machine may prefer another awk, which the image does not have. */
function chooseMawk(root: string): void {
  for (const [link, to] of [
    ['usr/bin/awk', '/etc/alternatives/awk'],
    ['etc/alternatives/awk', '/usr/bin/mawk'],
  ] as const) {
    rmSync(join(root, link), { force: true });
    symlinkSync(to, join(root, link));
  }
}

/** What dpkg and apt know about the packages of the image. */
function describePackages(root: string, packages: readonly string[]): void {
  const chosen = new Set(packages);
  const folder = '/var/lib/dpkg';
  const paragraphs = readFileSync(join(folder, 'status'), 'utf8').split('\n\n');
  const own = paragraphs.filter((text) => chosen.has(/^Package: (.+)$/m.exec(text)?.[1] ?? ''));
  mkdirSync(join(root, folder, 'info'), { recursive: true });
  mkdirSync(join(root, folder, 'updates'), { recursive: true });
  mkdirSync(join(root, '/var/cache/apt/archives/partial'), { recursive: true });
  mkdirSync(join(root, '/var/lib/apt/lists/partial'), { recursive: true });
  mkdirSync(join(root, '/var/log/apt'), { recursive: true });
  writeFileSync(join(root, folder, 'status'), `${own.join('\n\n')}\n\n`);
  for (const name of readdirSync(join(folder, 'info'))) {
    if (chosen.has(name.replace(/(:\w+)?\.\w+$/, ''))) copyIn(root, join(folder, 'info', name));
  }
  for (const file of ['format', 'alternatives', 'triggers', 'diversions']) copyIn(root, join(folder, file));
  copyIn(root, join(folder, 'info', 'format'));
}

function writeUsers(root: string): void {
  const users = [
    ['root', 0, '/root', '/bin/bash'],
    ['_apt', 42, '/nonexistent', '/usr/sbin/nologin'],
    ['node', 1000, '/home/node', '/bin/bash'],
  ] as const;
  writeFileSync(
    join(root, 'etc/passwd'),
    users.map(([name, id, home, shell]) => `${name}:x:${id}:${id}::${home}:${shell}\n`).join(''),
  );
  const groups = [
    ...users.map(([name, id]) => [name, id] as const),
    ['mail', 8],
    ['shadow', 43],
    ['staff', 50],
    ['adm', 4],
  ] as const;
  writeFileSync(join(root, 'etc/group'), groups.map(([name, id]) => `${name}:x:${id}:\n`).join(''));
  mkdirSync(join(root, 'root'), { recursive: true });
  mkdirSync(join(root, 'tmp'), { recursive: true, mode: 0o1777 });
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
  execFileSync('install', ['--directory', '--owner=1000', '--group=1000', join(root, 'home/node')]);
}

function installNode(root: string): void {
  const packed = mkdtempSync(join(tmpdir(), 'ferry-node-'));
  try {
    const name = `node-linux-${process.arch}@${nodeVersion}`;
    execFileSync('npm', ['install', '--prefix', packed, '--ignore-scripts', '--no-audit', '--no-fund', name], {
      stdio: 'ignore',
    });
    const place = join(root, 'usr/local/bin');
    mkdirSync(place, { recursive: true });
    cpSync(join(packed, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'), join(place, 'node'));
    const npm = dirname(dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())));
    cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
    for (const command of ['npm', 'npx'])
      symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(place, command));
    if (extraCertificates !== undefined)
      cpSync(extraCertificates, join(root, certificatesPlace), { dereference: true });
    const cache = join(homedir(), '.npm', '_cacache');
    if (existsSync(cache)) cpSync(cache, join(root, 'root/.npm/_cacache'), { recursive: true });
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}

async function importImage(
  image: Pick<DockerDaemon, 'program' | 'environment'> & { readonly root: string; readonly name: string },
) {
  const { program, environment, root, name } = image;
  const tar = spawn('tar', ['--create', `--directory=${root}`, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const variables = [
    `ENV PATH=${path}`,
    ...(extraCertificates === undefined ? [] : [`ENV NODE_EXTRA_CA_CERTS=${certificatesPlace}`]),
  ];
  const changes = variables.flatMap((line) => ['--change', line]);
  const load = spawn(program, ['import', ...changes, '-', name], {
    env: environment,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  tar.stdout.pipe(load.stdin);
  const [status] = (await once(load, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`docker import ended with ${String(status)}`);
}
