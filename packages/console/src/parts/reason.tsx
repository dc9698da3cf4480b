import { Code, Stack, Text } from '@mantine/core';

import { CureToggle } from './cure-toggle.js';
import { FaultText } from './fault-text.js';

interface ReasonProps {
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly isOpen?: boolean | undefined;
}

/** Code and reason of a fault, and on request what to do. */
export function Reason({ code, reason, isOpen = false }: ReasonProps) {
  if (code === undefined && reason === undefined) return null;
  return (
    <Stack gap={4} className="reason">
      <Text size="sm" component="div" className="breaking">
        {code !== undefined && <Code>{code}</Code>} <FaultText code={code} reason={reason} />
      </Text>
      {code !== undefined && <CureToggle code={code} isOpen={isOpen} />}
    </Stack>
  );
}
