import { Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { Facts } from '../../parts/facts.js';
import { useFormats } from '../../parts/formats.js';
import { Moment } from '../../parts/moment.js';
import { PlainTable } from '../../parts/plain-table.js';
import { Reason } from '../../parts/reason.js';
import { Section } from '../../parts/section.js';
import { StateBadge } from '../../parts/state-badge.js';
import { HoldButtons } from './hold-buttons.js';
import { Hold } from './hold.js';

/** The image on each target: its name there, state, digests and sizes by platform. */
export function TargetCopies({ copies, pushed, names }: Pick<ImageDetails, 'copies' | 'pushed' | 'names'>) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const targets = [...new Set([...names.map(({ target }) => target), ...copies.map(({ target }) => target)])];
  return (
    <Section title={t('places.targets')}>
      {targets.map((target) => {
        const copy = copies.find((one) => one.target === target);
        const name = names.find((one) => one.target === target);
        const reference = copy?.reference ?? name?.reference;
        const there = pushed.find((one) => one.name === reference);
        return (
          <Stack key={target} gap={6} className="part">
            <Group gap="xs">
              <Text fw={600}>{target}</Text>
              {copy === undefined ? (
                <Text size="sm" c="dimmed">
                  {t('image.notTried')}
                </Text>
              ) : (
                <StateBadge state={copy.state} />
              )}
              {copy !== undefined && <HoldButtons copy={copy} />}
            </Group>
            {reference !== undefined && <Code className="breaking reference">{reference}</Code>}
            {name?.fault !== undefined && <Text size="sm">{name.fault}</Text>}
            <Reason code={copy?.code} reason={copy?.reason} isOpen={copy?.state === 'blocked'} />
            {copy !== undefined && <Hold copy={copy} />}
            <Facts
              facts={[
                copy !== undefined && [t('image.attempts'), String(copy.attempts)],
                copy !== undefined && [t('image.lastTried'), <Moment key="tried" at={copy.lastTriedAt} />],
                copy?.digest !== undefined && [t('image.digest'), <Digest key="digest" digest={copy.digest} />],
                there !== undefined && [
                  t('image.verified'),
                  there.unverified === true ? t('image.notVerified') : t('image.isVerified'),
                ],
                there?.pushedAt !== undefined && [
                  t('image.pushedAt'),
                  <Moment key="pushed" at={Date.parse(`${there.pushedAt.replace(' ', 'T')}Z`)} form="time" />,
                ],
              ]}
            />
            {there !== undefined && there.platforms.length > 0 && (
              <PlainTable heads={[t('image.platform'), t('image.digest'), t('image.size')]}>
                {there.platforms.map(({ platform, digest, size }) => (
                  <tr key={platform}>
                    <td>{platform}</td>
                    <td>{digest !== undefined && <Digest digest={digest} />}</td>
                    <td>{size !== undefined && bytes(size)}</td>
                  </tr>
                ))}
              </PlainTable>
            )}
            {(copy?.dropped ?? []).length > 0 && (
              <Text size="sm" c="dimmed">
                {t('image.dropped', { count: copy?.dropped?.length ?? 0 })}
              </Text>
            )}
          </Stack>
        );
      })}
    </Section>
  );
}
