import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { useIsOperator } from '../../shell/session-gate.js';
import { HoldDialog } from './hold-dialog.js';

interface HoldButtonsProps {
  readonly copy: ImageDetails['copies'][number];
  /** What the tag pointed to before is recorded. */
  readonly hasEarlier: boolean;
}

/** What an operator does with the tag of a copy. */
export function HoldButtons({ copy, hasEarlier }: HoldButtonsProps) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const [action, setAction] = useState<'rollback' | 'release'>();
  const { image, target, reference, digest, held, rollbackTo } = copy;
  if (!isOperator) return null;
  const canRelease = held !== undefined || rollbackTo !== undefined;
  const canRollBack =
    reference !== undefined && (digest !== undefined || held !== undefined) && rollbackTo === undefined;
  return (
    <Group gap="xs" ml="auto">
      {canRollBack && (
        <Button size="xs" variant="default" onClick={() => setAction('rollback')}>
          {t('hold.rollback.verb')}
        </Button>
      )}
      {canRelease && (
        <Button size="xs" variant="light" onClick={() => setAction('release')}>
          {t('hold.release.verb')}
        </Button>
      )}
      {action !== undefined && (
        <HoldDialog
          action={action}
          image={image}
          target={target}
          hasEarlier={hasEarlier}
          onClose={() => setAction(undefined)}
        />
      )}
    </Group>
  );
}
