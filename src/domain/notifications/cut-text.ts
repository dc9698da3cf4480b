/** Texts for platforms that limit messages by bytes. */

/** A line of a message. */
export interface MessageLine {
  readonly text: string;
  /** The line is a link: it stays whole or is left out. */
  readonly href?: string | undefined;
}

const ellipsis = '…';
const segmenter = new Intl.Segmenter('zh-CN', { granularity: 'grapheme' });

/** Length in UTF-8; a surrogate without its pair counts as U+FFFD, by which encoders replace it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) bytes += 1;
    else if (point < 0x800) bytes += 2;
    else bytes += point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** The text with at most this many bytes, cut between characters as people see them, with `…` at its end. */
export function cutText(text: string, longest: number): string {
  if (utf8Length(text) <= longest) return text;
  const room = longest - utf8Length(ellipsis);
  if (room < 0) return '';
  let kept = '';
  let bytes = 0;
  for (const { segment } of segmenter.segment(text)) {
    bytes += utf8Length(segment);
    if (bytes > room) break;
    kept += segment;
  }
  return `${kept}${ellipsis}`;
}

/**
 * As many of the lines as fit. The first one that does not is cut if it is plain text; a link that does not fit is left
 * out, and shorter lines behind it stay.
 *
 * @param written what a line looks like on the platform, with its line break
 */
export function cutLines(
  lines: readonly MessageLine[],
  longest: number,
  written: (line: MessageLine) => string,
): readonly MessageLine[] {
  const kept: MessageLine[] = [];
  // Links are what people need most: a text before them gives way.
  let room = longest - lines.filter(isLink).reduce((sum, line) => sum + utf8Length(written(line)), 0);
  const keepsLinks = room > 0;
  if (!keepsLinks) room = longest;
  let isFull = false;
  for (const line of lines) {
    const bytes = utf8Length(written(line));
    if (isLink(line)) {
      if (keepsLinks) kept.push(line);
    } else if (!isFull && bytes <= room) {
      kept.push(line);
      room -= bytes;
    } else if (!isFull) {
      isFull = true;
      const cut = cutLine(line, room, written);
      if (cut !== undefined) kept.push(cut);
    }
  }
  return kept;
}

function isLink({ href }: MessageLine): boolean {
  return href !== undefined;
}

/** Escapes make a written text longer than itself: it is cut until what is written fits. */
function cutLine(line: MessageLine, room: number, written: (line: MessageLine) => string): MessageLine | undefined {
  let length = Math.min(room, utf8Length(line.text));
  while (length > utf8Length(ellipsis)) {
    const text = cutText(line.text, length);
    const excess = utf8Length(written({ text })) - room;
    if (excess <= 0) return text === ellipsis ? undefined : { text };
    length = Math.min(length - 1, Math.max(0, utf8Length(text) - excess));
  }
  return undefined;
}
