import { Code, Stack, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Cure } from './cure.js';

interface ReasonProps {
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly isOpen?: boolean | undefined;
}

/** Code and reason of a fault, and on request what to do. */
export function Reason({ code, reason, isOpen = false }: ReasonProps) {
  const { t } = useTranslation();
  const [isShown, setShown] = useState(isOpen);
  if (code === undefined && reason === undefined) return null;
  return (
    <Stack gap={4} className="reason">
      <Text size="sm" component="div" className="breaking">
        {code !== undefined && <Code>{code}</Code>} {reason}
      </Text>
      {code !== undefined && (
        <>
          <UnstyledButton className="link" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
            {isShown ? t('fault.hideCure') : t('fault.showCure')}
          </UnstyledButton>
          {isShown && <Cure code={code} />}
        </>
      )}
    </Stack>
  );
}
