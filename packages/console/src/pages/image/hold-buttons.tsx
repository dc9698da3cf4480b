import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { useIsOperator } from '../../shell/session-gate.js';
import { HoldDialog } from './hold-dialog.js';

/** What an operator does with the tag of a copy. */
export function HoldButtons({ copy }: { readonly copy: ImageDetails['copies'][number] }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const [action, setAction] = useState<'rollback' | 'release'>();
  const { image, target, reference, digest, held, rollbackTo } = copy;
  if (!isOperator) return null;
  const canRelease = held !== undefined || rollbackTo !== undefined;
  const canRollBack =
    reference !== undefined && (digest !== undefined || held !== undefined) && rollbackTo === undefined;
  return (
    <>
      {canRollBack && (
        <Button size="compact-xs" variant="default" onClick={() => setAction('rollback')}>
          {t('hold.rollback.verb')}
        </Button>
      )}
      {canRelease && (
        <Button size="compact-xs" variant="light" onClick={() => setAction('release')}>
          {t('hold.release.verb')}
        </Button>
      )}
      {action !== undefined && (
        <HoldDialog action={action} image={image} target={target} onClose={() => setAction(undefined)} />
      )}
    </>
  );
}
