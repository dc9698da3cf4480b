import { Alert, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { Icon } from '../../parts/icons.js';
import { Moment } from '../../parts/moment.js';
import { useWho } from '../../parts/use-who.js';

interface HoldProps {
  readonly copy: ImageDetails['copies'][number];
}

/** Where a rollback holds the tag of a copy, or will put it. */
export function Hold({ copy: { held, rollbackTo } }: HoldProps) {
  const { t } = useTranslation();
  const whoOf = useWho();
  return (
    <>
      {held !== undefined && (
        <Alert color="yellow" icon={<Icon name="pause" />} title={t('hold.held')} p="xs" data-held>
          <Group gap="xs">
            <Digest digest={held.digest} />
            <Text size="sm" component="span">
              {held.at !== undefined && (
                <>
                  {t('hold.since')} <Moment at={held.at} form="time" />
                </>
              )}
              {held.at !== undefined && held.by !== undefined && ' · '}
              {held.by !== undefined && t('image.by', { who: whoOf(held.by) })}
            </Text>
          </Group>
          <Text size="sm">{t('hold.until')}</Text>
        </Alert>
      )}
      {rollbackTo !== undefined && (
        <Group gap="xs">
          <Text size="sm" component="span">
            {t('hold.pending')}
          </Text>
          <Digest digest={rollbackTo} />
        </Group>
      )}
    </>
  );
}
