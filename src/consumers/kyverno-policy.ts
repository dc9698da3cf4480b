import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorIndex, MirrorName } from './mirror-index.js';
import { spellings } from './spellings.js';

/**
 * A ClusterPolicy of Kyverno that gives containers and init containers of new pods mirrored names. It compares texts and
 * asks no registry, so that it works where the source cannot be reached.
 */
export function kyvernoPolicy(
  names: readonly MirrorName[],
  index: MirrorIndex,
  { target, pinned }: { readonly target: string; readonly pinned: boolean },
): ConsumerOutput {
  const findings = new Findings();
  const mirrors = Object.fromEntries(
    names.flatMap((name) => {
      const text = index.textOf(name, pinned || name.source.digest !== undefined);
      return spellings(name.source).map((spelling) => [spelling, text]);
    }),
  );
  const rule = (list: 'containers' | 'initContainers') => ({
    name: list === 'containers' ? 'containers' : 'init-containers',
    match: { any: [{ resources: { kinds: ['Pod'], operations: ['CREATE'] } }] },
    context: [{ name: 'mirrors', variable: { value: mirrors } }],
    mutate: {
      foreach: [
        {
          list: `request.object.spec.${list} || \`[]\``,
          preconditions: { all: [{ key: '{{ element.image }}', operator: 'AnyIn', value: '{{ keys(mirrors) }}' }] },
          patchStrategicMerge: {
            spec: { [list]: [{ '(name)': '{{ element.name }}', image: '{{ lookup(mirrors, element.image) }}' }] },
          },
        },
      ],
    },
  });
  const policy = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: {
      name: 'image-ferry',
      annotations: {
        'policies.kyverno.io/description': `Images that are on target ${target} get their names there.`,
        // Pods alone: changed workloads would be drift for GitOps tools.
        'pod-policies.kyverno.io/autogen-controllers': 'none',
      },
    },
    spec: { background: false, rules: [rule('containers'), rule('initContainers')] },
  };
  findings.note(
    'ephemeral containers and image volumes are not changed: "ferry use mutating-policy" covers them, without Kyverno',
  );
  findings.note('images that are named with a digest are changed only if they were mirrored by that name');
  return findings.output(oneFile(stringify(policy, { lineWidth: 0, aliasDuplicateObjects: false })));
}
