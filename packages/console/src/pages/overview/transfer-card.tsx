import { Group, Progress as Bar, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Stalled, TargetTransfer, Transfer } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';
import { Icon } from '../../parts/icons.js';
import { TextLink } from '../../parts/links.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { useQuietMs } from './use-quiet.js';

/** Heartbeats of a slow transfer come every two seconds. */
const stalledAfterMs = 7_000;

/** A copy in flight: what is read, and what each target has of it, layer by layer. */
export function TransferCard({
  transfer,
  hasLink = true,
}: {
  readonly transfer: Transfer;
  readonly hasLink?: boolean;
}) {
  const { t } = useTranslation();
  const { bytes, rate, duration } = useFormats();
  const { image, bytesRead, bytesTotal, readRate, secondsLeft, stalled, targets } = transfer;
  return (
    <Stack gap={6} className="transfer" data-stalled={stalled !== undefined || undefined}>
      <Group justify="space-between" gap="xs">
        {hasLink ? (
          <TextLink to="/image" search={{ reference: image }} size="sm" className="breaking">
            <ReferenceText text={image} />
          </TextLink>
        ) : (
          <Text size="sm">{t('transfer.reading')}</Text>
        )}
        <Text size="xs" c="dimmed" className="figures">
          {bytesTotal === 0 ? bytes(bytesRead) : t('transfer.of', { done: bytes(bytesRead), total: bytes(bytesTotal) })}
          {stalled === undefined && ` · ${rate(readRate)}`}
          {secondsLeft !== undefined && ` · ${t('transfer.left', { time: duration(secondsLeft * 1_000) })}`}
        </Text>
      </Group>
      {stalled !== undefined && <StallNotice stalled={stalled} />}
      {targets.map((target) => (
        <TargetLine key={target.target} line={target} />
      ))}
    </Stack>
  );
}

function TargetLine({ line }: { readonly line: TargetTransfer }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const { target, state, bytesDone, bytesTotal, stalled, continued, layers } = line;
  const quietMs = useQuietMs(bytesDone, state === 'moving' && bytesDone < bytesTotal);
  const isStalled = stalled !== undefined || quietMs >= stalledAfterMs;
  return (
    <Stack gap={4} className="target-line" data-stalled={isStalled || undefined} data-state={state}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {target}
        </Text>
        <Text size="xs" c="dimmed" className="figures">
          {state === 'moving'
            ? t('transfer.of', { done: bytes(bytesDone), total: bytes(bytesTotal) })
            : t(`transfer.${state}`)}
        </Text>
      </Group>
      <Bar
        value={percent(bytesDone, bytesTotal, state)}
        color={colorOf(line, isStalled)}
        striped={isStalled}
        aria-label={t('transfer.toTarget', { target })}
      />
      {stalled === undefined ? isStalled && <QuietNotice quietMs={quietMs} /> : <StallNotice stalled={stalled} />}
      {!isStalled && continued !== undefined && state === 'moving' && (
        <Text size="xs" c="dimmed">
          {t('transfer.continued', { offset: bytes(continued.offset), size: bytes(continued.size) })}
        </Text>
      )}
      {state === 'moving' && layers.length > 0 && (
        <div className="layers">
          {layers.map(({ digest, bytesDone: done, bytesTotal: total }) => (
            <div key={digest} className="layer">
              <Text size="xs" className="layer-name">
                {digest.replace(/^sha256:/, '').slice(0, 12)}
              </Text>
              <Bar
                size="xs"
                value={percent(done, total ?? 0, 'moving')}
                aria-label={t('transfer.layer', { digest: digest.slice(7, 19), target })}
              />
              <Text size="xs" c="dimmed" className="figures">
                {total === undefined ? bytes(done) : t('transfer.of', { done: bytes(done), total: bytes(total) })}
              </Text>
            </div>
          ))}
        </div>
      )}
    </Stack>
  );
}

const awaited = ['source-bytes', 'target-accepts', 'commit', 'connection', 'retry'] as const;

function StallNotice({ stalled: { host, forMs, awaits } }: { readonly stalled: Stalled }) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  const known = awaited.find((one) => one === awaits);
  return (
    <Text size="sm" component="div" className="stall" role="status">
      <Icon name="warning" size={16} />
      {t('transfer.stalled', {
        host,
        time: duration(forMs),
        awaits: known === undefined ? awaits : t(`transfer.awaits.${known}`),
      })}
    </Text>
  );
}

/** Before the server says what the transfer waits for. */
function QuietNotice({ quietMs }: { readonly quietMs: number }) {
  const { t } = useTranslation();
  const { duration } = useFormats();
  return (
    <Text size="sm" component="div" className="stall" role="status">
      <Icon name="warning" size={16} />
      {t('transfer.quiet', { time: duration(Math.floor(quietMs / 1_000) * 1_000) })}
    </Text>
  );
}

function percent(done: number, total: number, state: TargetTransfer['state']): number {
  if (state === 'done' || total === 0) return state === 'done' ? 100 : 0;
  return Math.min(100, (done / total) * 100);
}

function colorOf({ state }: TargetTransfer, isStalled: boolean): string {
  if (state === 'done') return 'green';
  if (state === 'failed') return 'red';
  return isStalled ? 'orange' : 'blue';
}
