/** The lists that `ferry list` prints, each with its meaning. */
export const ListWord = {
  wanted: 'every wanted image',
  pushed: 'verified copies on the targets',
  blocked: 'images that cannot be copied until a person acts',
  waiting: 'images that were tried and that each sync run retries',
  held: 'tags that a rollback holds until "ferry release"',
} as const;
export type ListWord = keyof typeof ListWord;

export const listWords = Object.keys(ListWord) as readonly ListWord[];

/** Formats one aligned line per word with its meaning. */
export function meanings(words: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(words).map((word) => word.length));
  return Object.entries(words)
    .map(([word, meaning]) => `  ${word.padEnd(width)}  ${meaning}`)
    .join('\n');
}
