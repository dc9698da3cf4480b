/** The parts of a progress event of the engine that say which transfer it is about: of a blob to a target, or its read. */
export interface TransferNews {
  readonly type: string;
  readonly target?: string | undefined;
  readonly digest?: string | undefined;
}

/**
 * Recognizes the first report of each stall: the engine repeats it until that transfer moves again, while other transfers
 * of the same copy may move all the time.
 */
export class NewStalls {
  readonly #known = new Set<string>();

  /** To be called for every event. @returns whether it reports a stall for the first time */
  isNew({ type, target = '', digest = '' }: TransferNews): boolean {
    const transfer = `${target} ${digest}`;
    const wasKnown = this.#known.delete(transfer);
    if (type !== 'stalled') return false;
    this.#known.add(transfer);
    return !wasKnown;
  }
}
