import { Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Overview } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';
import { Section } from '../../parts/section.js';

/** How many pulls each source still allows. */
export function AllowanceList({ allowances }: Pick<Overview, 'allowances'>) {
  const { t } = useTranslation();
  const { clock, duration, number } = useFormats();
  return (
    <Section title={t('overview.allowances')}>
      <Stack gap="sm" component="ul" className="plain-list">
        {allowances.map(({ host, rateLimitSource, pulls, windowMs, free, againAt }) => (
          <Stack key={`${host} ${rateLimitSource}`} component="li" gap={4}>
            <Group justify="space-between" gap="xs">
              <Text size="sm" component="span" className="breaking">
                {rateLimitSource === '' ? host : `${host} (${rateLimitSource})`}
              </Text>
              <Text size="sm" c="dimmed" component="span">
                {t('overview.pullsFree', { free: number(free), pulls: number(pulls), time: duration(windowMs) })}
              </Text>
            </Group>
            <Progress value={(free / pulls) * 100} color={free === 0 ? 'orange' : 'blue'} aria-label={host} />
            {free === 0 && againAt !== undefined && (
              <Text size="sm">{t('overview.pullsAgain', { time: clock(againAt) })}</Text>
            )}
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}
