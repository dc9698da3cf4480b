import { expect, test } from 'vitest';

import { printPauseNote, readPauseNote } from '../../src/domain/schedule-note.js';

test.each([
  { way: 'console', who: 'mia' },
  { way: 'cli', who: 'root' },
] as const)('who paused a schedule in the $way is read again from its note', (note) => {
  expect(readPauseNote(printPauseNote(note))).toEqual(note);
});

test('a note of a person stays a text', () => {
  expect(readPauseNote('the line is down until Monday')).toBeUndefined();
});
