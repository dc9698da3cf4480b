import { isDeepStrictEqual } from 'node:util';

import { namesakes } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import { hasBlob, readManifest } from './image-exchange.js';
import { sha256 } from './make-blob.js';
import { blobsOf } from './make-images.js';
import type { MadeManifest } from './make-images.js';
import { skopeoInspectRaw } from './skopeo.js';
import { aliyunNamespace, targetNames } from './stage.js';
import type { Stage, TargetName } from './stage.js';
import { findTool } from './tools.js';
import type { PushedRow } from './wanted-rows.js';

/** What was found of one image on one target. */
export interface Finding {
  readonly image: string;
  readonly platforms: string;
  readonly target: TargetName;
  readonly digest: string;
  /** What is not as it should be; none is what the demo hopes for. */
  readonly faults: readonly string[];
}

/** What reads the targets to verify them: skopeo where it is available. */
export const judge = findTool('skopeo') === undefined ? 'own read' : 'skopeo';

/** Looks at every image on every target, and compares it with what was made, never with what the ferry says. */
export async function verifyTargets(
  stage: Stage,
  images: readonly DemoImage[],
  rows: readonly PushedRow[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const image of images) {
    for (const target of targetNames) findings.push(await verifyImage(stage, { image, target, rows }));
  }
  return findings;
}

async function verifyImage(
  stage: Stage,
  {
    image,
    target,
    rows,
  }: { readonly image: DemoImage; readonly target: TargetName; readonly rows: readonly PushedRow[] },
): Promise<Finding> {
  const name = `${image.repository}:${image.tag}`;
  const registry = stage.targets[target];
  const own = rows.filter((row) => row.image === name && row.target === registry.host);
  const finding = { image: name, platforms: image.platforms.join(','), target };
  const [row] = own;
  if (row === undefined || own.length > 1) {
    return { ...finding, digest: '-', faults: [`${own.length} rows of pushed_images, expected 1`] };
  }
  const repository = row.name.slice(registry.host.length + 1, row.name.lastIndexOf(':'));
  const bytes = await readTag(stage, { target, repository, tag: image.tag });
  if (bytes === undefined) return { ...finding, digest: '-', faults: [`${row.name} is not there`] };

  const digest = sha256(bytes);
  const faults = [
    ...(nameIsRight(image, target, repository) ? [] : [`its repository there is ${repository}`]),
    ...(row.digest === digest ? [] : [`pushed_images says ${row.digest}`]),
    ...tagFaults(bytes, image, target),
    ...(await contentFaults(stage, { target, repository, manifests: expectedChildren(image, target) })),
  ];
  return { ...finding, digest, faults };
}

async function readTag(
  stage: Stage,
  { target, repository, tag }: { readonly target: TargetName; readonly repository: string; readonly tag: string },
): Promise<Buffer | undefined> {
  const registry = stage.targets[target];
  if (judge !== 'skopeo') return (await readManifest(registry, repository, tag))?.bytes;
  return skopeoInspectRaw({ registry, repository, reference: tag }).catch(() => undefined);
}

/** Of two whose names fall together on Alibaba Cloud, one has the name and the other one a suffix of its own. */
function nameIsRight({ repository }: DemoImage, target: TargetName, found: string): boolean {
  if (target === 'private') return found === repository;
  const name = `${aliyunNamespace}/${repository.split('/')[1]}`;
  if (found === name) return true;
  const isNamesake = (namesakes as readonly string[]).includes(repository);
  return isNamesake && found.startsWith(name) && /^-[a-z2-7]{10}$/.test(found.slice(name.length));
}

/** Alibaba Cloud's stand-in accepts no artifacts: its copy has a new index without the attestation, which is one. */
function expectedChildren({ made }: DemoImage, target: TargetName): readonly MadeManifest[] {
  if (made.children.length === 0) return [made];
  return target === 'private' ? made.children : made.children.filter((child) => !isArtifact(child));
}

function isArtifact({ bytes }: MadeManifest): boolean {
  return 'artifactType' in (JSON.parse(bytes.toString()) as object);
}

function tagFaults(bytes: Buffer, image: DemoImage, target: TargetName): string[] {
  const children = expectedChildren(image, target);
  if (image.made.children.length === 0 || children.length === image.made.children.length) {
    return bytes.equals(image.made.bytes) ? [] : ["its bytes are not the source's"];
  }
  const source = JSON.parse(image.made.bytes.toString()) as { manifests: { digest: string }[] };
  const kept = children.map(({ digest }) => digest as string);
  const expected = { ...source, manifests: source.manifests.filter(({ digest }) => kept.includes(digest)) };
  const found: unknown = JSON.parse(bytes.toString());
  return isDeepStrictEqual(found, expected) ? [] : ["it is not the source's index less the artifacts"];
}

async function contentFaults(
  stage: Stage,
  { target, repository, manifests }: { target: TargetName; repository: string; manifests: readonly MadeManifest[] },
): Promise<string[]> {
  const registry = stage.targets[target];
  const faults: string[] = [];
  for (const manifest of manifests) {
    const found = await readManifest(registry, repository, manifest.digest);
    if (found?.digest !== manifest.digest) faults.push(`${manifest.platform} is not there`);
    for (const { digest } of blobsOf(manifest)) {
      if (!(await hasBlob(registry, repository, digest))) faults.push(`blob ${digest} is not there`);
    }
  }
  return faults;
}
