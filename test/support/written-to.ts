import { vi } from 'vitest';

/**
 * Keeps what this process writes from a terminal, and returns it: each write as soon as it is made. Until
 * `vi.restoreAllMocks()`.
 */
export function writtenTo(stream: 'stdout' | 'stderr'): string[] {
  const texts: string[] = [];
  vi.spyOn(process[stream], 'write').mockImplementation((text) => texts.push(String(text)) > 0);
  return texts;
}
