/** How the bench talks to a registry: the ferry's own transport, Node's client, undici's callbacks. */
export interface Way {
  /** Reads a body and hands on its bytes. */
  read(url: URL, take: (bytes: Buffer) => void): Promise<void>;
  /** @returns the status of the answer to HEAD */
  head(url: URL): Promise<number>;
  close(): Promise<void>;
}

export const wayNames = ['ferry', 'node', 'undici'] as const;

export type WayName = (typeof wayNames)[number];

/** Without it a registry answers for a manifest of another kind. */
export const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
