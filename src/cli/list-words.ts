/** The lists that `ferry list` prints, each with what is in it. */
export const ListWord = {
  wanted: 'every image that is wanted',
  pushed: 'copies on the targets',
  blocked: 'cannot be copied until a person acts',
  waiting: 'tried, and tried again by each run',
} as const;
export type ListWord = keyof typeof ListWord;

export const listWords = Object.keys(ListWord) as readonly ListWord[];

/** A line for each word and what it means, aligned. */
export function meanings(words: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(words).map((word) => word.length));
  return Object.entries(words)
    .map(([word, meaning]) => `  ${word.padEnd(width)}  ${meaning}`)
    .join('\n');
}
