import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageDetails, StateEvent } from '../../api/types.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { Reason } from '../../parts/reason.js';
import { StateBadge } from '../../parts/state-badge.js';
import { useWho } from '../../parts/use-who.js';
import { saysReason } from './says-reason.js';

/** Changes of state, the newest first. */
export function Timeline({ events, rows }: Pick<ImageDetails, 'events' | 'rows'>) {
  const { t } = useTranslation();
  const whoOf = useWho();
  return (
    <ol className="timeline">
      {events.toReversed().map(({ id, at, kind, target, from, to, code, reason, run, who }) => (
        <li key={id} data-event={id}>
          <Stack gap={2}>
            <Group gap="xs">
              <Text size="sm" fw={600} component="span">
                {target ?? t('image.asWhole')}
              </Text>
              {from !== undefined && from !== to && (
                <>
                  <StateBadge state={from} />
                  <span aria-hidden>→</span>
                </>
              )}
              <StateBadge state={to} />
              <Text size="sm" component="span">
                {isRequest({ kind, code, to }) ? t('change.rollback-requested') : t(`change.${kind}`)}
              </Text>
            </Group>
            <Text size="xs" c="dimmed" component="div">
              <Moment at={at} form="time" />
              {who !== undefined && ` · ${t('image.by', { who: whoOf(who) })}`}
              {run !== undefined && (
                <>
                  {' · '}
                  <TextLink to="/runs/$run" params={{ run }} size="xs" underline="always">
                    {t('image.byRun')}
                  </TextLink>
                </>
              )}
            </Text>
            <Reason code={code} reason={code !== undefined && saysReason(rows, reason) ? undefined : reason} />
          </Stack>
        </li>
      ))}
    </ol>
  );
}

/** A rollback has one kind of events: that it was requested, and that it was made. */
function isRequest({ kind, code, to }: Pick<StateEvent, 'kind' | 'code' | 'to'>): boolean {
  return kind === 'rolled-back' && (code === 'rollback-pending' || to === 'pending' || to === 'waiting');
}
