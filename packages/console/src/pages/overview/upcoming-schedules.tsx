import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Overview } from '../../api/types.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { nameOf } from '../../parts/schedule-name.js';
import { Section } from '../../parts/section.js';

export function UpcomingSchedules({ schedules }: Pick<Overview, 'schedules'>) {
  const { t } = useTranslation();
  const soonest = schedules.toSorted((a, b) => (a.next[0] ?? Infinity) - (b.next[0] ?? Infinity));
  return (
    <Section
      title={t('overview.schedules')}
      aside={
        <TextLink to="/schedules" size="sm">
          {t('overview.allSchedules')}
        </TextLink>
      }
    >
      {schedules.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('schedules.none')}
        </Text>
      ) : (
        <Stack gap={6} component="ul" className="plain-list">
          {soonest.map(({ id, kind, upstream, next: [next], paused, exists }) => (
            <Group key={id} component="li" justify="space-between" gap="xs">
              <Text size="sm" component="span">
                {nameOf({ kind, upstream }, t)}
              </Text>
              <Text size="sm" c="dimmed" component="span">
                {next === undefined ? t(stateOf(paused, exists)) : <Moment at={next} />}
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Section>
  );
}

function stateOf(isPaused: boolean, exists: boolean): 'schedules.paused' | 'schedules.missing' | 'schedules.noNext' {
  if (!exists) return 'schedules.missing';
  return isPaused ? 'schedules.paused' : 'schedules.noNext';
}
