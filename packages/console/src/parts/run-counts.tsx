import { Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Run } from '../api/types.js';
import { Badge } from './badge.js';

const shown = ['pushed', 'adopted', 'waiting', 'retrying', 'blocked'] as const;
const colors = { pushed: 'green', adopted: 'teal', waiting: 'yellow', retrying: 'orange', blocked: 'red' } as const;

/** How many images of a run are in each state. */
export function RunCounts({ images }: Pick<Run, 'images'>) {
  const { t } = useTranslation();
  const some = shown.filter((state) => (images[state] ?? 0) > 0);
  if (some.length === 0) return <>{t('runs.nothing')}</>;
  return (
    <Group gap={4}>
      {some.map((state) => (
        <Badge key={state} color={colors[state]}>
          {images[state]} {t(`state.${state}`)}
        </Badge>
      ))}
    </Group>
  );
}
