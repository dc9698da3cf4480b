/** The promises that a run checks. */
export const promises = {
  arrived: 'every accepted image is on every target, byte for byte',
  refused: 'no valid request is refused',
  accepted: 'a request that is repeated is accepted when everything runs again',
  idle: 'without a person, everything is pushed in the end',
  rows: 'no row is there twice, and the rows say what the targets have',
  events: 'each change of state is recorded once, and follows the one before it',
  notified: 'each incident is reported once, and its end once; no message is lost',
  again: 'no blob is sent again to a repository that has it',
  lost: 'an interrupted upload loses at most one chunk',
  read: 'nothing is read that no target gets, but for one chunk per interruption',
  left: 'no process, no lock and no unfinished record is left',
} as const;

export type PromiseName = keyof typeof promises;

/** A promise that was not kept. */
export interface Violation {
  readonly promise: PromiseName;
  readonly text: string;
}
