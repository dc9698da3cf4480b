import { createHash } from 'node:crypto';

import { hasBlob, readManifest } from '../../demo/image-exchange.js';
import { sha256 } from '../../demo/make-blob.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { registryRequest } from '../../demo/registry-request.js';
import type { RegistryAddress } from '../../demo/registry-request.js';
import { targetNames } from '../plan/parts.js';
import type { TargetName } from '../plan/parts.js';
import { expectedTag } from './expected-tag.js';
import type { Violation } from './violation.js';

/** An image that must be on every target. */
export interface ExpectedImage {
  /** As the ferry knows it. */
  readonly reference: string;
  /** What its tag on the source points to now. */
  readonly made: MadeManifest;
  /** Of all its rows. */
  readonly platforms: ReadonlySet<string>;
  /** Its name on each target without the host, as recorded. */
  readonly names: ReadonlyMap<
    TargetName,
    { readonly repository: string; readonly tag: string; readonly digest: string }
  >;
}

export interface VerifiedImages {
  readonly violations: readonly Violation[];
  readonly blobs: number;
  readonly bytes: number;
}

/** Reads every manifest and every blob of every image from every target, and compares the digests of what it gets. */
export async function verifyImages(
  registries: Readonly<Record<TargetName, RegistryAddress>>,
  images: readonly ExpectedImage[],
): Promise<VerifiedImages> {
  const violations: Violation[] = [];
  let [blobs, bytes] = [0, 0];
  for (const target of targetNames) {
    const known = new Set<string>();
    for (const image of images) {
      const faults = await faultsOn(registries, target, image, async (repository, digest, size) => {
        const registry = registries[target];
        // A registry keeps a blob once: its bytes are read once, and looked for in each repository.
        if (known.has(digest)) return await hasBlob(registry, repository, digest);
        const path = `/v2/${repository}/blobs/${digest}`;
        const { status, body } = await registryRequest(registry, { method: 'GET', path, expected: [200, 404] });
        known.add(digest);
        blobs += 1;
        bytes += body.length;
        const found = `sha256:${createHash('sha256').update(body).digest('hex')}`;
        return status === 200 && found === digest && body.length === size;
      });
      violations.push(...faults.map((text): Violation => ({ promise: 'arrived', text })));
    }
  }
  return { violations, blobs, bytes };
}

async function faultsOn(
  registries: Readonly<Record<TargetName, RegistryAddress>>,
  target: TargetName,
  { reference, made, platforms, names }: ExpectedImage,
  isThere: (repository: string, digest: string, size: number) => Promise<boolean>,
): Promise<readonly string[]> {
  const what = `${reference} (${[...platforms].join(',')}) on ${target}`;
  const name = names.get(target);
  if (name === undefined) return [`${what}: no row of pushed_images`];
  const { repository, tag } = name;
  const registry = registries[target];
  const found = await readManifest(registry, repository, tag);
  if (found === undefined) return [`${what}: ${repository}:${tag} is not there`];

  const expected = expectedTag(made, platforms);
  const fault = expected.faultOf(found.bytes);
  const faults = fault === undefined ? [] : [`${what}: ${fault}`];
  if (name.digest !== found.digest)
    faults.push(`${what}: pushed_images says ${name.digest}, the tag is ${found.digest}`);
  for (const image of expected.images) {
    const manifest = await readManifest(registry, repository, image.digest);
    if (manifest === undefined || sha256(manifest.bytes) !== image.digest)
      faults.push(`${what}: manifest ${image.digest} of ${image.platform} is not there`);
    for (const { digest, size } of image.blobs)
      if (!(await isThere(repository, digest, size)))
        faults.push(`${what}: blob ${digest} is not there as it should be`);
  }
  return faults;
}
