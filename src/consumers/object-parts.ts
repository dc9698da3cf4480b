/** Splits what is too large for one Kubernetes object. */

/** In characters: etcd refuses an object of more than 1.5 MiB, with what kube-apiserver adds to it. */
const largestObject = 1_000_000;
/** In characters: `kubectl apply` keeps the object in an annotation, and annotations have at most 256 KiB. */
const largestApplied = 250_000;

/**
 * The items of each object, in their order; at least one object.
 *
 * @param sizeOf characters that an item adds to its object
 */
export function inObjects<Item>(items: Iterable<Item>, sizeOf: (item: Item) => number): readonly (readonly Item[])[] {
  let part: Item[] = [];
  let size = 0;
  const parts = [part];
  for (const item of items) {
    const own = sizeOf(item);
    if (size > 0 && size + own > largestObject) {
      part = [];
      size = 0;
      parts.push(part);
    }
    part.push(item);
    size += own;
  }
  return parts;
}

/** The first object has no number, so that its name stays when images are added. */
export function objectName(name: string, position: number): string {
  return position === 0 ? name : `${name}-${position + 1}`;
}

/** What a person has to know to apply large objects. */
export function applyNotes(texts: readonly string[], objects: number, what: string): readonly string[] {
  return [
    ...(texts.some((text) => text.length > largestApplied)
      ? [
          'apply the file with "kubectl apply --server-side": it is too large for the annotation of plain "kubectl apply"',
        ]
      : []),
    ...(objects > 1
      ? [
          `one object would be too large for etcd, so there are ${objects}: delete ${what} with higher numbers of an earlier file`,
        ]
      : []),
  ];
}
