import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorName } from './mirror-index.js';
import { repositoryPairs } from './registry-files.js';
import type { EngineOptions } from './registry-files.js';

/** ImageDigestMirrorSet and ImageTagMirrorSet of OpenShift: a mirror for each repository, for digests and for tags. */
export function mirrorSets(names: readonly MirrorName[], { host, target }: EngineOptions): ConsumerOutput {
  const findings = new Findings();
  const mirrors = repositoryPairs(names).map((pair) => ({
    mirrors: [`${host}/${pair.target}`],
    source: `${pair.host}/${pair.path}`,
    mirrorSourcePolicy: 'AllowContactingSource',
  }));
  const set = (kind: string, field: string): string =>
    stringify(
      {
        apiVersion: 'config.openshift.io/v1',
        kind,
        metadata: { name: `image-ferry-${target.name}` },
        spec: { [field]: mirrors },
      },
      { lineWidth: 0, aliasDuplicateObjects: false },
    );
  findings.note('a tag or digest that is not on the mirror is pulled from its source');
  findings.note(`a login for ${host} goes into the global pull secret of the cluster`);
  return findings.output(
    oneFile(`${set('ImageDigestMirrorSet', 'imageDigestMirrors')}---\n${set('ImageTagMirrorSet', 'imageTagMirrors')}`),
  );
}
