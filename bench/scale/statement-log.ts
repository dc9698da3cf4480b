import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ScaleStage } from './scale-stage.js';

const shown = 40;

/**
 * With FERRY_BENCH_STATEMENTS=1 the server writes every statement down, and the most frequent ones are printed. It costs
 * time: such a run only counts.
 */
export async function logStatements({
  sql,
  folder,
}: Pick<ScaleStage, 'sql' | 'folder'>): Promise<{ print(images: number): Promise<void> } | undefined> {
  if (process.env['FERRY_BENCH_STATEMENTS'] !== '1') return undefined;
  const file = join(folder, 'statements.log');
  await sql.query("set global log_output = 'FILE'");
  await sql.query('set global general_log_file = ?', [file]);
  await sql.query('set global general_log = 1');
  return {
    async print(images) {
      await sql.query('set global general_log = 0');
      const counts = new Map<string, number>();
      for (const statement of statementsIn(readFileSync(file, 'utf8'))) {
        counts.set(statement, (counts.get(statement) ?? 0) + 1);
      }
      const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, shown);
      for (const [statement, count] of sorted) console.log(`${(count / images).toFixed(2)}\t${count}\t${statement}`);
    },
  };
}

/** Without their values; a statement that was prepared is there once as prepared and once for each execution. */
function* statementsIn(log: string): Generator<string> {
  const entry =
    /^(?:\d{6}\s+[\d:]+|\t)\s*\d+ (Query|Execute)\t([\s\S]*?)(?=^(?:\d{6}\s+[\d:]+|\t)\s*\d+ \w+(?:\t| )|(?![\s\S]))/gm;
  for (const [, , text = ''] of log.matchAll(entry)) {
    yield text
      .replaceAll(/'(?:[^'\\]|\\.|'')*'/g, '?')
      .replaceAll(/\b\d+\b/g, '?')
      .replaceAll(/\((?:\?|null|default)(?:, ?(?:\?|null|default))*\)/gi, '(…)')
      .replaceAll(/(?:\(…\), ?)+\(…\)/g, '(…)')
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 220);
  }
}
