import { Alert, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageAction } from '../api/types.js';
import { Icon } from '../parts/icons.js';
import { ReferenceText } from '../parts/reference-text.js';

interface RefusedImagesProps {
  readonly action: ImageAction['action'];
  readonly refused: readonly { readonly image: string }[];
}

export function RefusedImages({ action, refused }: RefusedImagesProps) {
  const { t } = useTranslation();
  if (refused.length === 0) return null;
  return (
    <Alert color="yellow" icon={<Icon name="warning" />} title={t('action.refused', { count: refused.length })}>
      {refused.map(({ image }) => (
        <Text key={image} size="sm" className="breaking">
          <b>
            <ReferenceText text={image} />
          </b>{' '}
          {t(`action.${action}.refused`)}
        </Text>
      ))}
    </Alert>
  );
}
