/** Who paused a schedule, as the ferry writes it into the schedule's note. */
export interface PauseNote {
  readonly way: 'console' | 'cli';
  /** Name of the account. */
  readonly who: string;
}

/** For people who look at the schedule in Temporal's own pages, too. */
export function printPauseNote({ way, who }: PauseNote): string {
  return way === 'console' ? `pause in the console by ${who}` : `paused by ${who} with ferry schedules pause`;
}

/** Reads what {@link printPauseNote} printed; undefined for a note that a person wrote. */
export function readPauseNote(note: string): PauseNote | undefined {
  const [, inConsole] = /^pause in the console by (.+)$/.exec(note) ?? [];
  if (inConsole !== undefined) return { way: 'console', who: inConsole };
  const [, byCommand] = /^paused by (.+) with ferry schedules pause$/.exec(note) ?? [];
  return byCommand === undefined ? undefined : { way: 'cli', who: byCommand };
}
