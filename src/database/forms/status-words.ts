import type { ColumnFacts } from './table-facts.js';

/** Usual words for states and their meaning. A person reviews the suggested statements before running them. */
const meanings: readonly (readonly [RegExp, number])[] = [
  [
    /^(1|pushed|push_ok|done|success(ful)?|succeeded|synced|complete(d)?|finished|ok|yes|y|true|t|已推送|成功|完成)$/i,
    1,
  ],
  [/^(3|withdrawn|removed|deleted|cancel(l)?ed|disabled|skipped|已删除|取消)$/i, 3],
];

/** Statements that convert a status column of words, or of numbers as text, to integers without losing information. */
export function statusStatements(table: string, { name, type, base }: ColumnFacts): readonly string[] {
  const toNumber = `ALTER TABLE ${table} modify ${name} int null default 0`;
  if (base === 'enum' || base === 'set') {
    const cases = wordsOf(type).map((word) => `when '${word}' then '${meaningOf(word)}'`);
    // Converted directly, a word would become its position in the enum.
    return [
      `ALTER TABLE ${table} modify ${name} varchar(64) null`,
      `UPDATE ${table} SET ${name} = case ${name} ${cases.join(' ')} else '0' end`,
      toNumber,
    ];
  }
  if (/char|text/.test(base)) {
    const isKnown = `${name} in ('0', '1', '2', '3')`;
    return [
      `UPDATE ${table} SET ${name} = case when ${isKnown} then ${name} when ${name} in ('pushed', 'done', 'success', 'true') then '1' else '0' end`,
      toNumber,
    ];
  }
  return [toNumber];
}

/** The words of `enum('a','b')`, with their escapes. */
function wordsOf(type: string): readonly string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, word = '']) => word);
}

function meaningOf(word: string): number {
  return meanings.find(([pattern]) => pattern.test(word))?.[1] ?? 0;
}
