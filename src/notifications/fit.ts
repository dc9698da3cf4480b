import { cutLines, cutText, utf8Length } from '../domain/notifications/cut-text.js';
import type { MessageLine } from '../domain/notifications/cut-text.js';
import type { OutgoingMessage } from './sender.js';

export interface FitOptions<T> {
  /** Bytes of what `measured` returns. */
  readonly longest: number;
  readonly longestTitle: number;
  readonly make: (title: string, lines: readonly MessageLine[]) => T;
  /** The text that the platform measures: a field, or the whole body. */
  readonly measured: (made: T) => string;
  /** What a line adds to it. */
  readonly written: (line: MessageLine) => string;
}

/** The message as a platform takes it, with as much of its text as fits: never a part of a character or of a link. */
export function fitted<T>({ title, lines }: Pick<OutgoingMessage, 'title' | 'lines'>, options: FitOptions<T>): T {
  const { longest, longestTitle, make, measured, written } = options;
  const short = cutText(title, longestTitle);
  const frame = utf8Length(measured(make(short, [])));
  let room = longest - frame;
  for (;;) {
    const kept = cutLines(lines, Math.max(0, room), written);
    const made = make(short, kept);
    const excess = utf8Length(measured(made)) - longest;
    if (excess <= 0 || room <= 0) return made;
    room -= excess;
  }
}

/**
 * Text of others in the Markdown dialects of chat platforms, which do not agree on escapes: characters that make links, tags
 * and code are replaced by their wide forms.
 */
export function chatMarkdown(text: string): string {
  return text.replace(/[[\]<>`]/g, (character) => wide[character] ?? character);
}

const wide: Readonly<Record<string, string>> = { '[': '［', ']': '］', '<': '＜', '>': '＞', '`': "'" };
