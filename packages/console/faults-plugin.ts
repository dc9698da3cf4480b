import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Plugin } from 'vite';

/** Fault codes with what happened and what to do, by code: `import('virtual:faults/en')`. */
export interface FaultText {
  readonly happened: string;
  readonly todo: string;
}

const pages = {
  'virtual:faults/en': { file: 'failures.md', happened: 'What happened:', todo: 'What to do:' },
  'virtual:faults/zh-CN': { file: 'failures.zh-CN.md', happened: '发生了什么：', todo: '怎么处理：' },
} as const;

const docs = join(import.meta.dirname, '..', '..', 'docs');

/** The console says of each fault what docs/failures.md says: the texts are made of the pages, not written again. */
export function faultsPlugin(): Plugin {
  return {
    name: 'faults',
    resolveId: (id) => (id in pages ? `\0${id}` : undefined),
    load(id) {
      const page = pages[id.slice(1) as keyof typeof pages];
      if (page === undefined) return undefined;
      const path = join(docs, page.file);
      this.addWatchFile(path);
      return `export const faults = ${JSON.stringify(readFaults(readFileSync(path, 'utf8'), page))};`;
    },
  };
}

/** @param words what the two statements of an entry begin with */
export function readFaults(
  markdown: string,
  words: { readonly happened: string; readonly todo: string },
): Record<string, FaultText> {
  const entries = markdown.split(/^### /m).slice(1);
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const codes = [...(entry.split('\n', 1)[0] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => code ?? '');
      const text = { happened: statement(entry, words.happened), todo: statement(entry, words.todo) };
      return codes.map((code) => [code, text] as const);
    }),
  );
}

function statement(entry: string, word: string): string {
  const start = entry.indexOf(`**${word}**`);
  if (start < 0) return '';
  const text = entry.slice(start + word.length + 4).split(/\n(?:- \*\*|\n|#)/, 1)[0] ?? '';
  return (
    text
      .replaceAll(/\s+/g, ' ')
      // Links go to other pages of the documentation.
      .replaceAll(/ ?[(（]\[[^\]]*\]\([^)]*\)[)）]/g, '')
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
  );
}
