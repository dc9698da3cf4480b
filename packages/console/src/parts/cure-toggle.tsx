import { UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Cure } from './cure.js';

interface CureToggleProps {
  readonly code: string;
  readonly isOpen: boolean;
}

/** What to do about a fault, which is shown on request. */
export function CureToggle({ code, isOpen }: CureToggleProps) {
  const { t } = useTranslation();
  const [isShown, setShown] = useState(isOpen);
  return (
    <>
      <UnstyledButton className="link" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        {isShown ? t('fault.hideCure') : t('fault.showCure')}
      </UnstyledButton>
      {isShown && <Cure code={code} />}
    </>
  );
}
