import { Code, Group } from '@mantine/core';

import { CopyButton } from './copy-button.js';

/** A line to copy: a command, or a name. */
export function CommandLine({ text }: { readonly text: string }) {
  return (
    <Group gap={4} wrap="nowrap" className="command-line">
      <Code>{text}</Code>
      <CopyButton text={text} />
    </Group>
  );
}
