import { readFileSync } from 'node:fs';

import { NamingScheme } from '../../src/domain/target.js';
import type { Target } from '../../src/domain/target.js';

export const aliyunHost = 'registry.cn-test.aliyuncs.com';
export const privateHost = 'registry.example.com:5000';

export const legacyTargets: readonly Target[] = [
  {
    name: 'aliyun',
    registry: aliyunHost,
    namespace: 'mirror',
    naming: NamingScheme.aliyun,
    manifestPolicy: 'drop',
    explicitNames: {},
  },
  {
    name: 'private',
    registry: privateHost,
    namespace: '',
    naming: NamingScheme.private,
    manifestPolicy: 'keep',
    explicitNames: {},
  },
];

/** The tables of the older scripts; `odd` as they came to be at a site that grew. */
export function legacySchema(kind: 'mysql' | 'sqlite', odd = false): string {
  const name = `legacy-schema${odd ? '-odd' : ''}.${kind}.sql`;
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

const longAgo = '2024-05-06 07:08:09';

interface LegacyImage {
  readonly registry: string | null;
  readonly namespace: string | null;
  readonly name: string;
  readonly platform: string | null;
  /** How the script named it on a private registry: its first component, and the last part with the tag. */
  readonly onTarget: string;
}

export interface LegacyRows {
  /** Inserts into both tables. */
  readonly script: string;
  readonly wanted: number;
  readonly duplicates: number;
  readonly pushed: number;
}

/**
 * Rows of every kind that older scripts and people left: namespaces that are '', NULL and `library`, hosts with
 * `https://` and in capitals, deep paths, no tags, tags in capitals, platforms NULL and '', sizes as text, digests
 * that are missing, unknown or docker's; and duplicates that are written in another way. All are on both targets.
 * @param numericSizes for tables whose sizes are numbers
 */
export function legacyRows(count: number, { numericSizes = false } = {}): LegacyRows {
  const images: LegacyImage[] = [];
  let duplicates = 0;
  for (let number = 0; images.length < count; number += 1) {
    for (const group of variants(number)) {
      const kept = group.slice(0, count - images.length);
      duplicates += Math.max(0, kept.length - 1);
      images.push(...kept);
    }
  }
  const wanted = images.map(({ registry, namespace, name, platform }) => [
    registry,
    namespace,
    name,
    platform,
    longAgo,
  ]);
  const copies = new Map(images.map((image) => [image.onTarget, image]));
  const pushed = [...copies.values()].flatMap((image, position) => [
    pushedRow(image, aliyunHost, `${aliyunHost}/mirror/${image.onTarget.replace(/^.*\//, '')}`, position, numericSizes),
    pushedRow(image, `https://${privateHost}/`, `${privateHost}/${image.onTarget}`, position + 1, numericSizes),
  ]);
  const script = [
    insert('images_for_push', 'source_registry_url, orig_name_space, orig_image_name, platform, add_time', wanted),
    insert(
      'pushed_images',
      'source_registry_url, target_registry_url, orig_name_space, orig_image_name, targ_name_space, registry_image_name, image_size, digest, platform, push_time',
      pushed,
    ),
  ].join('\n');
  return { script, wanted: images.length, duplicates, pushed: pushed.length };
}

/** Images, each with the ways in which it is written. */
function variants(number: number): LegacyImage[][] {
  const app = `app${number}`;
  const official = { registry: 'docker.io', namespace: 'library', name: `${app}:1.${number}`, platform: 'linux/amd64' };
  const onTarget = `library/${app}:1.${number}`;
  switch (number % 10) {
    case 0:
      return [
        [
          { ...official, onTarget },
          { ...official, namespace: '', onTarget },
          { ...official, registry: 'https://docker.io', namespace: null, onTarget },
        ],
      ];
    case 1:
      return [[{ ...official, namespace: null, platform: null, onTarget }]];
    case 2:
      return [
        [
          { ...official, registry: 'HTTPS://index.docker.io/v1/', platform: '', onTarget },
          { ...official, registry: 'registry-1.docker.io', onTarget },
        ],
      ];
    case 3:
      return [[{ ...official, name: app, onTarget: `library/${app}:latest` }]];
    case 4:
      return [[{ ...official, registry: 'ghcr.io', namespace: 'owner', onTarget: `owner/${app}:1.${number}` }]];
    case 5:
      return [
        [
          {
            registry: 'registry.k8s.io',
            namespace: 'kube-state-metrics',
            name: `${app}/kube-state-metrics:v2.${number}`,
            platform: 'linux/amd64',
            onTarget: `kube-state-metrics/kube-state-metrics:v2.${number}`,
          },
        ],
      ];
    case 6:
      return [[{ ...official, registry: 'Quay.io', namespace: '', name: `${app}:V1`, onTarget: `library/${app}:V1` }]];
    case 7:
      return [
        [
          {
            ...official,
            registry: null,
            namespace: 'team',
            platform: 'linux/arm64',
            onTarget: `team/${app}:1.${number}`,
          },
        ],
      ];
    case 8:
      return [
        [{ ...official, namespace: 'xprobe', platform: 'linux/arm64/v8', onTarget: `xprobe/${app}:1.${number}` }],
      ];
    default:
      return [[{ ...official, registry: '', namespace: 'langgenius', onTarget: `langgenius/${app}:1.${number}` }]];
  }
}

function pushedRow(
  image: LegacyImage,
  registry: string,
  name: string,
  position: number,
  numericSizes: boolean,
): (string | null)[] {
  const hex = position.toString(16).padStart(64, '0');
  const digests = ['', '未知', `${name.replace(/:[^:]*$/, '')}@sha256:${hex}`, `sha256:${hex}`, null];
  const size = numericSizes ? String(position * 1_000_000) : `${position}.5`;
  const namespace = name.split('/').at(-2) ?? '';
  const { registry: source, namespace: first, name: rest, platform } = image;
  return [source, registry, first, rest, namespace, name, size, digests[position % 5] ?? null, platform, longAgo];
}

function insert(table: string, columns: string, rows: readonly (readonly (string | null)[])[]): string {
  const values = rows.map((row) => `(${row.map((value) => (value === null ? 'NULL' : `'${value}'`)).join(', ')})`);
  return `INSERT INTO ${table} (${columns}) VALUES\n${values.join(',\n')};`;
}
