import type { MirrorName } from './mirror-index.js';

/** `ok`: the name on the target has what the source's tag has now. */
export type Verdict = 'ok' | 'missing' | 'older' | 'different' | 'unreachable';

/** The digest that a registry answered, `absent`, or why it did not answer. */
export type Answer = { readonly digest: string } | 'absent' | { readonly fault: string };

export interface Checked {
  readonly verdict: Verdict;
  readonly reason?: string | undefined;
}

/**
 * checkVerdict compares a name on a target with its source. Whatever was not answered is never `ok`.
 *
 * @param recorded what the ferry recorded of the name; undefined if it copied no such image
 * @param onTarget the target's answer
 * @param atSource the source's answer; undefined: compare with the record alone
 */
export function checkVerdict(
  recorded: Pick<MirrorName, 'digest' | 'sourceDigest'> | undefined,
  onTarget: Answer,
  atSource: Answer | undefined,
): Checked {
  if (onTarget === 'absent') return { verdict: 'missing', reason: 'the target does not have it' };
  if ('fault' in onTarget) return { verdict: 'unreachable', reason: onTarget.fault };
  const isOurs = recorded?.digest === onTarget.digest;
  if (atSource === undefined) {
    if (isOurs) return { verdict: 'ok' };
    const reason =
      recorded?.digest === undefined ? 'the ferry recorded no digest for it' : `the ferry copied ${recorded.digest}`;
    return { verdict: 'different', reason: `${reason}, and the target has ${onTarget.digest}` };
  }
  if (atSource === 'absent') {
    return { verdict: 'unreachable', reason: 'the source does not have it any more, so it cannot be compared' };
  }
  if ('fault' in atSource) return { verdict: 'unreachable', reason: atSource.fault };
  // A copy with fewer platforms has a digest of its own.
  if (onTarget.digest === atSource.digest || (isOurs && recorded.sourceDigest === atSource.digest))
    return { verdict: 'ok' };
  if (isOurs) return { verdict: 'older', reason: `the tag points to ${atSource.digest} at the source now` };
  return { verdict: 'different', reason: `the target has ${onTarget.digest}, the source ${atSource.digest}` };
}
