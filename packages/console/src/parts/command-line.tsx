import { Code, Group } from '@mantine/core';
import { Fragment } from 'react';

import { CopyButton } from './copy-button.js';

/** A line to copy: a command, or a name. It breaks between its words, not after the hyphen of an option. */
export function CommandLine({ text }: { readonly text: string }) {
  return (
    <Group gap={4} wrap="nowrap" className="command-line">
      <Code>
        {text.split(' ').map((token, index) => (
          <Fragment key={`${index} ${token}`}>
            {index > 0 && ' '}
            <span className="token">{token}</span>
          </Fragment>
        ))}
      </Code>
      <CopyButton text={text} />
    </Group>
  );
}
