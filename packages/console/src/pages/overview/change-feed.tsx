import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys.js';
import type { StateEvent } from '../../api/types.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { Section } from '../../parts/section.js';
import { StateBadge } from '../../parts/state-badge.js';

const shown = 12;

/** The changes since the page was opened, the newest first. */
export function ChangeFeed() {
  const { t } = useTranslation();
  const { data: events } = useQuery<readonly StateEvent[]>({ queryKey: keys.events, enabled: false, initialData: [] });
  return (
    <Section title={t('overview.changes')}>
      {events.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('overview.noChanges')}
        </Text>
      ) : (
        <Stack gap={6} component="ul" className="plain-list">
          {events.slice(0, shown).map(({ id, at, image, target, to }) => (
            <Group key={id} component="li" gap="xs" wrap="nowrap" align="flex-start" data-event={id}>
              <StateBadge state={to} />
              <Text size="sm" component="span" className="breaking growing">
                <TextLink to="/image" search={{ reference: image }} size="sm">
                  <ReferenceText text={image} />
                </TextLink>
                {target !== undefined && ` → ${target}`}
              </Text>
              <Text size="xs" c="dimmed" component="span" className="figures">
                <Moment at={at} />
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Section>
  );
}
