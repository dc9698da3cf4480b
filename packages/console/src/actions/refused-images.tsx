import { Alert, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { Icon } from '../parts/icons.js';

interface RefusedImagesProps {
  readonly refused: readonly { readonly image: string; readonly reason: string }[];
}

export function RefusedImages({ refused }: RefusedImagesProps) {
  const { t } = useTranslation();
  if (refused.length === 0) return null;
  return (
    <Alert color="yellow" icon={<Icon name="warning" />} title={t('action.refused', { count: refused.length })}>
      {refused.map(({ image, reason }) => (
        <Text key={image} size="sm" className="breaking">
          <b>{image}</b> {reason}
        </Text>
      ))}
    </Alert>
  );
}
