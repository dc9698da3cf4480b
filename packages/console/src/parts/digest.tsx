import { Code, Group } from '@mantine/core';

import { CopyButton } from './copy-button.js';

/** The beginning of a digest, which tells digests apart; the copy is the whole one. */
export function Digest({ digest }: { readonly digest: string }) {
  const [algorithm = '', hex = ''] = digest.split(':');
  return (
    <Group gap={2} wrap="nowrap" display="inline-flex" className="digest">
      <Code title={digest}>{hex === '' ? algorithm.slice(0, 19) : `${algorithm}:${hex.slice(0, 12)}`}</Code>
      <CopyButton text={digest} />
    </Group>
  );
}
