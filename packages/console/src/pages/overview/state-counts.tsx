import { SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import type { Overview } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';

const shown = ['pushed', 'pending', 'waiting', 'retrying', 'blocked', 'withdrawn'] as const;

/** How many images are in each state; each number is a link to them. */
export function StateCounts({ counts }: Pick<Overview, 'counts'>) {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (
    <SimpleGrid cols={{ base: 2, xs: 3, lg: 6 }} spacing="sm" component="nav" aria-label={t('overview.byState')}>
      {shown.map((state) => (
        <Link
          key={state}
          to="/images"
          search={{ state }}
          className="count"
          data-state={state}
          data-zero={counts[state] === 0}
        >
          <Text component="span" className="count-number">
            {number(counts[state])}
          </Text>
          <Text component="span" size="sm">
            {t(`state.${state}`)}
          </Text>
        </Link>
      ))}
    </SimpleGrid>
  );
}
