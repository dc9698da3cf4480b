import { join } from 'node:path';

import { helm, kustomize } from '../../src/setup/chart-programs.mjs';
import { fromDownload } from '../../src/setup/from-download.mjs';
import { fromGoModule, fromGoPackage } from '../../src/setup/from-go.mjs';
import { machine } from '../../src/setup/machine.mjs';
import { temporalCli } from '../../src/setup/temporal-cli.mjs';
import { isAtLeast } from '../../src/setup/version.mjs';
import { fromAptPackage } from './from-apt-package.mjs';
import { projectRoot } from './places.mjs';

const registryVersion = '3.0.0';
const github = 'https://github.com';

const registryArchive = `registry_${registryVersion}_${machine}.tar.gz`;
const registryPackage = 'github.com/distribution/distribution/v3/cmd/registry';
const craneRegistryVersion = '0.21.9';
const craneRegistryPackage = 'github.com/google/go-containerregistry/cmd/registry';
const cranePackage = 'github.com/google/go-containerregistry/cmd/crane';
const regclientVersion = '0.11.5';
const prometheusVersion = '3.16.0';
const kubernetesVersion = '1.37.2';
const etcdVersion = '3.7.0';
const registryRelease = `${github}/distribution/distribution/releases/download/v${registryVersion}`;

/**
 * Every tool that the project can need: programs of src/setup/program-types.ts, and
 *
 * - `usedFor`, `optionalFor`: purposes of a set-up; `without`: what happens there when it cannot be had
 */
const tools = [
  { ...temporalCli(projectRoot), usedFor: ['start', 'demo', 'bench', 'chaos', 'test'], optionalFor: [] },
  {
    name: 'registry',
    title: 'distribution registry',
    variable: 'FERRY_REGISTRY',
    commands: ['registry'],
    fits: (version) => isAtLeast(version.match(/distribution\/v3 v?(\d+)\.(\d+)/), 3, 0),
    wanted: "distribution's registry, version 3",
    cacheName: 'registry',
    ways: [
      fromDownload({
        isThere: ['linux_amd64', 'linux_arm64', 'linux_ppc64le', 'linux_s390x', 'linux_riscv64'].includes(machine),
        url: `${registryRelease}/${registryArchive}`,
        checksums: `${registryRelease}/${registryArchive}.sha256`,
        file: 'registry',
      }),
      fromGoPackage({
        package: registryPackage,
        version: `v${registryVersion}`,
        takes: '1 to 3 minutes',
      }),
    ],
    usedFor: ['demo', 'bench', 'chaos', 'test'],
    optionalFor: [],
    advice: `go install ${registryPackage}@v${registryVersion} (Go is at https://go.dev/dl)`,
  },
  {
    name: 'docker-registry',
    title: 'docker-registry 2.8',
    variable: 'FERRY_DOCKER_REGISTRY',
    commands: ['docker-registry'],
    fits: (version) => isAtLeast(version.match(/distribution v?(\d+)\.(\d+)/), 2, 8),
    wanted: 'docker-registry 2.8',
    ways: [fromAptPackage('docker-registry')],
    usedFor: ['bench', 'test'],
    optionalFor: [],
    advice: 'apt-get install docker-registry (Debian, Ubuntu)',
  },
  {
    name: 'skopeo',
    title: 'skopeo',
    variable: 'FERRY_SKOPEO',
    commands: ['skopeo'],
    fits: (version) => version.startsWith('skopeo version'),
    wanted: 'skopeo',
    ways: [fromAptPackage('skopeo')],
    usedFor: ['demo', 'bench', 'test'],
    optionalFor: ['demo', 'bench'],
    without: 'the demo reads the targets itself, and the benchmark has one peer less',
    advice: 'apt-get install skopeo (Debian, Ubuntu), dnf install skopeo, or brew install skopeo',
  },
  {
    name: 'crane-registry',
    title: "go-containerregistry's registry",
    variable: 'FERRY_CRANE_REGISTRY',
    commands: ['crane-registry'],
    versionFlag: '-help',
    fits: (text) => text.includes('port to run registry on'),
    wanted: "go-containerregistry's cmd/registry",
    cacheName: 'crane-registry',
    ways: [
      fromGoPackage({ package: craneRegistryPackage, version: `v${craneRegistryVersion}`, takes: 'under a minute' }),
    ],
    usedFor: ['test'],
    optionalFor: [],
    advice: `go install ${craneRegistryPackage}@v${craneRegistryVersion}, and name the program crane-registry`,
  },
  consumer({
    name: 'consumer-hosts',
    title: "containerd's, Podman's and K3s' parsers",
    variable: 'FERRY_CONSUMER_HOSTS',
    folder: 'hosts',
    version: '2',
    takes: '1 to 2 minutes',
  }),
  consumer({
    name: 'consumer-policies',
    title: "kube-apiserver's policies",
    variable: 'FERRY_CONSUMER_POLICIES',
    folder: 'policies',
    version: '1',
    takes: '2 to 4 minutes',
  }),
  {
    name: 'nginx',
    title: 'nginx',
    variable: 'FERRY_NGINX',
    commands: ['nginx'],
    versionFlag: '-v',
    fits: (version) => version.includes('nginx version'),
    wanted: 'nginx',
    ways: [fromAptPackage('nginx-light')],
    usedFor: ['bench', 'test'],
    optionalFor: [],
    advice: 'apt-get install nginx-light (Debian, Ubuntu), dnf install nginx, or brew install nginx',
  },
  {
    name: 'mariadbd',
    title: 'MariaDB server',
    variable: 'FERRY_MARIADBD',
    commands: ['mariadbd'],
    fits: (version) => isAtLeast(version.match(/Ver (\d+)\.(\d+)/), 10, 6),
    wanted: 'a MariaDB server, 10.6 or later',
    ways: [fromAptPackage('mariadb-server')],
    usedFor: ['bench', 'chaos', 'test'],
    optionalFor: [],
    advice: 'apt-get install mariadb-server (Debian, Ubuntu), dnf install mariadb-server, or brew install mariadb',
  },
  {
    name: 'chromium',
    title: 'Chromium',
    variable: 'FERRY_CHROMIUM',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    fits: (version) => isAtLeast(version.match(/(?:Chromium|Chrome) (\d+)\.(\d+)/), 120, 0),
    wanted: 'Chromium 120 or later',
    ways: [fromAptPackage('chromium')],
    usedFor: ['test'],
    optionalFor: [],
    advice: 'apt-get install chromium (Debian), or install Chromium or Chrome',
  },
  { ...helm, usedFor: ['test', 'kubernetes'], optionalFor: [] },
  { ...kustomize, usedFor: ['test'], optionalFor: [] },
  {
    name: 'docker',
    title: "Docker's command line",
    variable: 'FERRY_DOCKER',
    commands: ['docker'],
    fits: (version) => isAtLeast(version.match(/^Docker version (\d+)\.(\d+)/), 20, 10),
    wanted: "Docker's command line, 20.10 or later",
    ways: [fromAptPackage('docker.io')],
    usedFor: ['test'],
    optionalFor: ['test'],
    without: 'the tests that need a Docker daemon are skipped',
    advice: 'apt-get install docker.io (Debian, Ubuntu)',
  },
  {
    name: 'dockerd',
    title: 'Docker daemon',
    variable: 'FERRY_DOCKERD',
    commands: ['dockerd'],
    fits: (version) => isAtLeast(version.match(/^Docker version (\d+)\.(\d+)/), 20, 10),
    wanted: 'a Docker daemon, 20.10 or later',
    ways: [fromAptPackage('docker.io')],
    usedFor: ['test'],
    optionalFor: ['test'],
    without: 'the tests that need one are skipped',
    advice: 'apt-get install docker.io (Debian, Ubuntu)',
  },
  monitoring({ name: 'prometheus', variable: 'FERRY_PROMETHEUS', title: 'Prometheus' }),
  monitoring({ name: 'promtool', variable: 'FERRY_PROMTOOL', title: 'promtool' }),
  kubernetes({
    name: 'kube-apiserver',
    variable: 'FERRY_KUBE_APISERVER',
    version: `v${kubernetesVersion}`,
    fits: (version) => isAtLeast(version.match(/^Kubernetes v(\d+)\.(\d+)/), 1, 36),
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    setVersion: `k8s.io/component-base/version.gitVersion=v${kubernetesVersion}`,
    takes: '5 to 20 minutes',
  }),
  kubernetes({
    name: 'etcd',
    variable: 'FERRY_ETCD',
    version: etcdVersion,
    fits: (version) => isAtLeast(version.match(/etcd Version: (\d+)\.(\d+)/), 3, 5),
    package: 'go.etcd.io/etcd/server/v3',
    setVersion: 'go.etcd.io/etcd/api/v3/version.GitSHA=v3',
    takes: '1 to 4 minutes',
  }),
  peer({
    name: 'crane',
    variable: 'FERRY_CRANE',
    versionFlag: 'version',
    package: cranePackage,
    version: craneRegistryVersion,
  }),
  peer({ name: 'regctl', variable: 'FERRY_REGCTL', ...regclient('regctl') }),
  peer({ name: 'regsync', variable: 'FERRY_REGSYNC', ...regclient('regsync') }),
];

/** A program of scripts/tools/consumers, which reads what `ferry use` writes with the code of those who use it. */
function consumer({ name, title, variable, folder, version: own, takes }) {
  return {
    name,
    title,
    variable,
    commands: [name],
    fits: (version) => version.trim() === `image-ferry-consumer ${folder} ${own}`,
    wanted: `the program of scripts/tools/consumers/${folder}, version ${own}`,
    cacheName: name,
    ways: [
      fromGoModule({
        folder: join(projectRoot, 'scripts', 'tools', 'consumers', folder),
        package: '.',
        setVersion: `main.version=${own}`,
        takes,
      }),
    ],
    usedFor: ['test'],
    optionalFor: [],
    advice: 'install Go (https://go.dev/dl) and run the set-up again',
  };
}

/** Prometheus and its tool, which are in one archive and one Go module: the second one is built in seconds. */
function monitoring({ name, variable, title }) {
  const archive = `prometheus-${prometheusVersion}.${process.platform}-${machine.split('_')[1]}`;
  const release = `${github}/prometheus/prometheus/releases/download/v${prometheusVersion}`;
  return {
    name,
    title,
    variable,
    commands: [name],
    fits: (version) => isAtLeast(version.match(/version (\d+)\.(\d+)/), 2, 50),
    wanted: `${title} 2.50 or later`,
    cacheName: name,
    ways: [
      fromDownload({
        isThere: ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64'].includes(machine),
        url: `${release}/${archive}.tar.gz`,
        checksums: `${release}/sha256sums.txt`,
        file: `${archive}/${name}`,
      }),
      fromGoModule({
        folder: join(projectRoot, 'scripts', 'tools', 'prometheus'),
        package: `github.com/prometheus/prometheus/cmd/${name}`,
        setVersion: `github.com/prometheus/common/version.Version=${prometheusVersion}`,
        // Nothing here looks for its targets in a cloud: that code is left out.
        tags: 'remove_all_sd',
        takes: '2 to 5 minutes',
      }),
    ],
    usedFor: ['test'],
    optionalFor: [],
    advice: `get prometheus ${prometheusVersion} from https://prometheus.io/download`,
  };
}

/** Parts of a Kubernetes control plane, both in one Go module. */
function kubernetes({ name, variable, version: own, fits, package: packagePath, setVersion, takes }) {
  return {
    name,
    title: name,
    variable,
    commands: [name],
    fits,
    wanted: `${name} ${own}`,
    cacheName: name,
    ways: [
      fromGoModule({
        folder: join(projectRoot, 'scripts', 'tools', 'kubernetes'),
        package: packagePath,
        setVersion,
        takes,
      }),
    ],
    usedFor: ['kubernetes'],
    optionalFor: [],
    advice: 'install Go (https://go.dev/dl) and run the set-up again',
  };
}

/** What the benchmark compares the ferry with; it compares with those that are there. */
function peer({ name, variable, versionFlag, package: packagePath, version }) {
  return {
    name,
    title: name,
    variable,
    commands: [name],
    versionFlag,
    // A version that is built with `go install` may not know its own number.
    fits: () => true,
    wanted: name,
    cacheName: name,
    ways: [fromGoPackage({ package: packagePath, version: `v${version}`, takes: '1 to 2 minutes' })],
    usedFor: ['bench'],
    optionalFor: ['bench'],
    without: 'the benchmark has one peer less',
    advice: `go install ${packagePath}@v${version}`,
  };
}

function regclient(program) {
  return {
    versionFlag: 'version',
    package: `github.com/regclient/regclient/cmd/${program}`,
    version: regclientVersion,
  };
}

export function toolsFor(purpose) {
  return tools.filter(({ usedFor }) => usedFor.includes(purpose));
}
