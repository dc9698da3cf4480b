import { fromDownload } from './from-download.mjs';
import { fromGoPackage } from './from-go.mjs';
import { machine } from './machine.mjs';
import { isAtLeast } from './version.mjs';

const helmVersion = '3.22.0';
const helmPackage = 'helm.sh/helm/v3/cmd/helm';
const helmArchive = `helm-v${helmVersion}-${machine.replace('_', '-')}.tar.gz`;
const kustomizeVersion = '5.8.1';
const kustomizePackage = 'sigs.k8s.io/kustomize/kustomize/v5';
const kustomizeArchive = `kustomize_v${kustomizeVersion}_${machine}.tar.gz`;
const kustomizeRelease = `https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv${kustomizeVersion}`;

const published = ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64'].includes(machine);

/**
 * Helm, which renders charts for `ferry find`.
 *
 * @type {import('./program-types.js').Program}
 */
export const helm = {
  name: 'helm',
  title: 'Helm',
  variable: 'FERRY_HELM',
  commands: ['helm'],
  versionFlag: 'version',
  fits: (text) => isAtLeast(text.match(/Version:"v(\d+)\.(\d+)/), 3, 8),
  wanted: 'Helm 3.8 or later',
  cacheName: 'helm',
  ways: [
    fromDownload({
      isThere: published,
      url: `https://get.helm.sh/${helmArchive}`,
      checksums: `https://get.helm.sh/${helmArchive}.sha256sum`,
      file: `${machine.replace('_', '-')}/helm`,
    }),
    fromGoPackage({ package: helmPackage, version: `v${helmVersion}`, takes: '2 to 6 minutes' }),
  ],
  advice: 'https://helm.sh/docs/intro/install, brew install helm, or: ' + `go install ${helmPackage}@v${helmVersion}`,
};

/**
 * kustomize, which builds the folders with a kustomization for `ferry find`.
 *
 * @type {import('./program-types.js').Program}
 */
export const kustomize = {
  name: 'kustomize',
  title: 'kustomize',
  variable: 'FERRY_KUSTOMIZE',
  commands: ['kustomize'],
  versionFlag: 'version',
  fits: (text) => /^(?:v[45]\.|\(devel\))/.test(text.trim()) || text.includes('kustomize/v'),
  wanted: 'kustomize 4 or 5',
  cacheName: 'kustomize',
  ways: [
    fromDownload({
      isThere: published,
      url: `${kustomizeRelease}/${kustomizeArchive}`,
      checksums: `${kustomizeRelease}/checksums.txt`,
      file: 'kustomize',
    }),
    fromGoPackage({ package: kustomizePackage, version: `v${kustomizeVersion}`, takes: '1 to 3 minutes' }),
  ],
  advice:
    'https://kubectl.docs.kubernetes.io/installation/kustomize, brew install kustomize, or: ' +
    `go install ${kustomizePackage}@v${kustomizeVersion}`,
};
