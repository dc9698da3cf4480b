import { Code } from '@mantine/core';

/** Text of the documentation: what stands in backticks is code, and everything else is only text. */
export function MarkedText({ text }: { readonly text: string }) {
  return text.split('`').map((part, index) =>
    // Every second part stands between two backticks.
    index % 2 === 1 ? <Code key={`${index} ${part}`}>{part}</Code> : part,
  );
}
