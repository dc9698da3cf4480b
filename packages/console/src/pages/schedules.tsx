import { Button, Code, Group, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { changeSchedule } from '../api/calls.js';
import { schedulesQuery } from '../api/queries.js';
import type { Schedule } from '../api/types.js';
import { Badge } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { Facts } from '../parts/facts.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { useFormats } from '../parts/formats.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { QueryView } from '../parts/query-view.js';
import { nameOf } from '../parts/schedule-name.js';
import { Section } from '../parts/section.js';
import { useIsOperator } from '../shell/session-gate.js';

const shownTimes = 5;

export function SchedulesPage() {
  const { t } = useTranslation();
  const schedules = useQuery(schedulesQuery);
  return (
    <Page title={t('places.schedules')} description={t('schedules.description')}>
      <QueryView query={schedules}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="schedules" title={t('schedules.none')}>
              {t('schedules.noneHint')}
            </Empty>
          ) : (
            items.map((schedule) => <ScheduleSection key={schedule.id} schedule={schedule} />)
          )
        }
      </QueryView>
    </Page>
  );
}

function ScheduleSection({ schedule }: { readonly schedule: Schedule }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const { id, exists, paused, last, next, timesRun, timesSkipped } = schedule;
  const timing = useTiming(schedule);
  const note = useNote(schedule);
  const change = useMutation({
    mutationFn: async (name: Parameters<typeof changeSchedule>[1]) => await changeSchedule(id, name),
  });
  const buttons = [paused ? 'resume' : 'pause', 'trigger'] as const;
  return (
    <Section
      title={nameOf(schedule, t)}
      aside={
        <Group gap="xs">
          {paused && <Badge color="yellow">{t('schedules.paused')}</Badge>}
          {isOperator &&
            exists &&
            buttons.map((name) => (
              <Button
                key={name}
                size="xs"
                variant="default"
                loading={change.isPending && change.variables === name}
                onClick={() => change.mutate(name)}
              >
                {t(`schedules.${name}`)}
              </Button>
            ))}
        </Group>
      }
    >
      {change.error !== null && <FaultNotice error={change.error} />}
      {!exists && <Text size="sm">{t('schedules.missingHint')}</Text>}
      <Facts
        facts={[
          [t('schedules.id'), <Code key="id">{id}</Code>],
          [t('schedules.timing'), timing],
          note !== undefined && [t('schedules.note'), note],
          last !== undefined && [t('schedules.last'), <Moment key="last" at={last.at} />],
          [t('schedules.timesRun'), String(timesRun)],
          timesSkipped > 0 && [t('schedules.timesSkipped'), String(timesSkipped)],
        ]}
      />
      {next.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t('schedules.next', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
          </Text>
          <ul className="changes">
            {next.slice(0, shownTimes).map((at) => (
              <li key={at}>
                <Moment at={at} form="time" />
                {' · '}
                <Moment at={at} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Section>
  );
}

function useTiming({ timing, every, cron }: Schedule): string {
  const { t } = useTranslation();
  const { duration } = useFormats();
  if (cron !== undefined) {
    return t('schedules.cron', { expressions: cron.expressions.join(', '), timezone: cron.timezone });
  }
  if (every === undefined) return timing;
  const time = duration(every.ms);
  return every.offsetMs === 0
    ? t('schedules.every', { time })
    : t('schedules.everyOffset', { time, offset: duration(every.offsetMs) });
}

/** Who paused it; a person's note as it is. */
function useNote({ note, pausedBy }: Schedule): string | undefined {
  const { t } = useTranslation();
  return pausedBy === undefined ? note : t(`schedules.pausedBy.${pausedBy.way}`, { who: pausedBy.who });
}
