/** The output of `docker pull` and `docker push` without a terminal: one line for each change of a layer's state. */
import { isDigest } from '@image-ferry/registry/digest';
import type { Digest } from '@image-ferry/registry/digest';

const layerPattern = /^([0-9a-f]{12}): (\S.*)$/;

export interface LayerLine {
  readonly layer: string;
  readonly state: string;
}

export function readLayerLine(line: string): LayerLine | undefined {
  const [, layer, state] = layerPattern.exec(line) ?? [];
  return layer === undefined || state === undefined ? undefined : { layer, state };
}

/** `Digest: sha256:…` of a pull: the digest that the name pointed to, of the index if there is one. */
export function pulledDigest(lines: readonly string[]): Digest | undefined {
  return lastDigest(lines, /^Digest: (\S+)$/);
}

/** `v1: digest: sha256:… size: 734` of a push. */
export function pushedDigest(lines: readonly string[]): Digest | undefined {
  return lastDigest(lines, /^\S+: digest: (\S+) size: \d+$/);
}

/** `docker manifest push` prints only a digest. */
export function pushedListDigest(lines: readonly string[]): Digest | undefined {
  return lastDigest(lines, /^(sha256:\S+)$/);
}

export interface LayerCounts {
  readonly pushedLayers: number;
  readonly mountedLayers: number;
  readonly presentLayers: number;
}

/** Counts how each layer of a push was transferred. */
export function countLayers(lines: readonly string[]): LayerCounts {
  const states = lines.flatMap((line) => readLayerLine(line)?.state ?? []);
  const count = (begins: string): number => states.filter((state) => state.startsWith(begins)).length;
  return {
    pushedLayers: count('Pushed'),
    mountedLayers: count('Mounted from'),
    presentLayers: count('Layer already exists'),
  };
}

function lastDigest(lines: readonly string[], pattern: RegExp): Digest | undefined {
  const found = lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).at(-1);
  return found !== undefined && isDigest(found) ? found : undefined;
}
