import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ListedImage } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { Facts } from '../../parts/facts.js';
import { Moment } from '../../parts/moment.js';
import { Reason } from '../../parts/reason.js';
import { Section } from '../../parts/section.js';
import { StateBadge } from '../../parts/state-badge.js';
import { PhaseText } from '../../phase/phase-text.js';
import { Origin } from './origin.js';

/** What is wanted of the image: each platform with its state, and where the request came from. */
export function PlatformRows({ rows }: { readonly rows: readonly ListedImage[] }) {
  const { t } = useTranslation();
  if (rows.length === 0) return null;
  return (
    <Section title={t('image.wanted')}>
      {rows.map((row) => (
        <Stack key={row.id} gap={6} className="part">
          <Group gap="xs">
            <Text fw={600}>{row.platform}</Text>
            <StateBadge state={row.state} />
            <PhaseText row={row} />
          </Group>
          <Reason code={row.code} reason={row.reason} isOpen={row.state === 'blocked'} />
          {row.note !== undefined && <Text size="sm">{row.note}</Text>}
          <Facts
            facts={[
              row.requestedBy !== undefined && [t('image.from'), <Origin key="from" origin={row.requestedBy} />],
              row.requestedAt !== undefined && [t('image.requested'), <Moment key="at" at={row.requestedAt} />],
              row.checkedAt !== undefined && [t('image.checked'), <Moment key="checked" at={row.checkedAt} />],
              row.firstMissingAt !== undefined && [
                t('image.missingSince'),
                <Moment key="missing" at={row.firstMissingAt} />,
              ],
              row.sourceDigest !== undefined && [
                t('image.sourceDigest'),
                <Digest key="digest" digest={row.sourceDigest} />,
              ],
              row.targets !== undefined && [t('image.onlyFor'), row.targets.join(', ')],
            ]}
          />
        </Stack>
      ))}
    </Section>
  );
}
