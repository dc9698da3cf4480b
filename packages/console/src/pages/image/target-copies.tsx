import { Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { Facts } from '../../parts/facts.js';
import { useFormats } from '../../parts/formats.js';
import { Moment } from '../../parts/moment.js';
import { Cell, PlainTable, Row } from '../../parts/plain-table.js';
import { Reason } from '../../parts/reason.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { Section } from '../../parts/section.js';
import { StateBadge } from '../../parts/state-badge.js';
import { HoldButtons } from './hold-buttons.js';
import { Hold } from './hold.js';
import { saysReason } from './says-reason.js';

/** The image on each target: its name there, state, digests and sizes by platform. */
export function TargetCopies({
  rows,
  copies,
  pushed,
  names,
  replaced,
}: Pick<ImageDetails, 'rows' | 'copies' | 'pushed' | 'names' | 'replaced'>) {
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
              {copy !== undefined && <HoldButtons copy={copy} hasEarlier={hasEarlier(copy, replaced)} />}
            </Group>
            {reference !== undefined && (
              <Code className="breaking reference">
                <ReferenceText text={reference} />
              </Code>
            )}
            {name?.fault !== undefined && <Text size="sm">{name.fault}</Text>}
            {copy !== undefined && !saysHold(copy) && <CopyReason copy={copy} rows={rows} />}
            {copy !== undefined && <Hold copy={copy} />}
            <Facts
              facts={[
                copy !== undefined && [t('image.attempts'), String(copy.attempts)],
                copy !== undefined && [t('image.lastTried'), <Moment key="tried" at={copy.lastTriedAt} />],
                copy?.digest !== undefined && [t('image.digest'), <Digest key="digest" digest={copy.digest} />],
                there !== undefined && [
                  isWrong(copy) ? t('image.wasVerified') : t('image.verified'),
                  there.unverified === true ? t('image.notVerified') : t('image.isVerified'),
                ],
                there?.pushedAt !== undefined && [
                  isWrong(copy) ? t('image.wasPushedAt') : t('image.pushedAt'),
                  <Moment key="pushed" at={Date.parse(`${there.pushedAt.replace(' ', 'T')}Z`)} form="time" />,
                ],
              ]}
            />
            {there !== undefined && there.platforms.length > 0 && (
              <PlainTable heads={[t('image.platform'), t('image.digest'), t('image.size')]}>
                {there.platforms.map(({ platform, digest, size }) => (
                  <Row key={platform}>
                    <Cell>{platform}</Cell>
                    <Cell>{digest !== undefined && <Digest digest={digest} />}</Cell>
                    <Cell>{size !== undefined && bytes(size)}</Cell>
                  </Row>
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

type Copy = ImageDetails['copies'][number];

/** If the digest that a tag pointed to before its last change is known. */
function hasEarlier({ target, replaced: last }: Copy, replaced: ImageDetails['replaced']): boolean {
  return last !== undefined || replaced.some((one) => one.target === target);
}

/** The reason of a hold says what its notice says. */
function saysHold({ held, code }: Copy): boolean {
  return held !== undefined && code === undefined;
}

/** An audit found that the copy is not what was pushed and verified. */
function isWrong(copy: Copy | undefined): boolean {
  return ['copy-lost', 'copy-changed', 'copy-incomplete'].includes(copy?.code ?? '');
}

/** A reason that stands above, at the image, with what to do about it, is not said again: the code tells which one it is. */
function CopyReason({ copy: { code, reason, state }, rows }: { readonly copy: Copy } & Pick<ImageDetails, 'rows'>) {
  const isCureSaid = rows.some((row) => row.state === 'blocked' && row.code === code);
  return (
    <Reason
      code={code}
      reason={code !== undefined && saysReason(rows, reason) ? undefined : reason}
      isOpen={state === 'blocked' && !isCureSaid}
    />
  );
}
