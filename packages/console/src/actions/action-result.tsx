import { Alert, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageActionResult } from '../api/types.js';
import { Icon } from '../parts/icons.js';
import { RefusedImages } from './refused-images.js';

/** What an action did. */
export function ActionResult({ result }: { readonly result: ImageActionResult }) {
  const { t } = useTranslation();
  const { action, images, refused, syncRequested, fault } = result;
  return (
    <Stack gap="sm">
      <Alert
        color="green"
        icon={<Icon name="check" />}
        title={t(`action.${action}.done`, { count: images })}
        role="status"
      >
        <Text size="sm">{syncRequested ? t('action.syncRequested') : t('action.noSync')}</Text>
      </Alert>
      {fault !== undefined && (
        <Alert color="red" icon={<Icon name="warning" />} title={t('action.syncFault')}>
          {fault}
        </Alert>
      )}
      <RefusedImages action={action} refused={refused} />
    </Stack>
  );
}
