/** The word for an attempt without a fault, where a fault has its code. */
export const withoutFault = 'ok';

/**
 * What the parts of a process report while they work, for metrics. Each call only adds a number: it neither waits nor
 * throws.
 */
export interface Meter {
  /** Bytes of blobs between this process and a registry: `read` from a source, `sent` to a target. */
  transferred(direction: 'read' | 'sent', host: string, bytes: number): void;
  /** An upload to this host went on where it had stopped. */
  continued(host: string): void;
  /** A recorded attempt for one image and target. @param code of its fault, or {@link withoutFault} */
  attempted(code: string): void;
  /** A sync run ended. */
  runFinished(seconds: number): void;
  /** A message to a channel was sent, refused, or put off. */
  notified(channel: string, outcome: string): void;
}
