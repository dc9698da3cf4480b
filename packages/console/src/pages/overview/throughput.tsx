import { Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

import type { Overview } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';
import { Section } from '../../parts/section.js';

const HourChart = lazy(async () => ({ default: (await import('./hour-chart.js')).HourChart }));

/** What was sent in the last 24 hours, by hour. The chart is loaded where there is something to show. */
export function Throughput({ hours }: { readonly hours: Overview['pushedOverTime'] }) {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  const sent = hours.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const images = hours.reduce((sum, one) => sum + one.images, 0);
  return (
    <Section title={t('overview.throughput')}>
      <Text size="sm" c="dimmed">
        {t('overview.throughputSum', { count: images, number: number(images), bytes: bytes(sent) })}
      </Text>
      {images > 0 && (
        <Suspense fallback={<div className="chart" />}>
          <HourChart hours={hours} />
        </Suspense>
      )}
    </Section>
  );
}
