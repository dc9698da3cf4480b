import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { StateEvent } from '../../api/types.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { Reason } from '../../parts/reason.js';
import { StateBadge } from '../../parts/state-badge.js';

/** Changes of state, the newest first. */
export function Timeline({ events }: { readonly events: readonly StateEvent[] }) {
  const { t } = useTranslation();
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
                {t(`change.${kind}`)}
              </Text>
            </Group>
            <Text size="xs" c="dimmed" component="div">
              <Moment at={at} form="time" />
              {who !== undefined && ` · ${t('image.by', { who: who === 'row' ? t('origin.row') : who })}`}
              {run !== undefined && (
                <>
                  {' · '}
                  <TextLink to="/runs/$run" params={{ run }} size="xs" underline="always">
                    {t('image.byRun')}
                  </TextLink>
                </>
              )}
            </Text>
            <Reason code={code} reason={reason} />
          </Stack>
        </li>
      ))}
    </ol>
  );
}
