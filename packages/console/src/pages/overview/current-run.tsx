import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { cancelRun, requestRun } from '../../api/calls.js';
import { keys } from '../../api/keys.js';
import type { Progress } from '../../api/types.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { useFormats } from '../../parts/formats.js';
import { Section } from '../../parts/section.js';
import { useIsOperator } from '../../shell/session-gate.js';
import { TransferCard } from './transfer-card.js';

/** The sync run in progress. Its events replace what the overview said when it was read. */
export function CurrentRun({ progress: read }: { readonly progress?: Progress | undefined }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { data: live } = useQuery<Progress | null>({ queryKey: keys.progress, enabled: false, initialData: null });
  const progress = live !== null && live.at >= (read?.at ?? 0) ? live : read;
  const isRunning = progress !== undefined && progress.phase !== 'idle' && progress.phase !== 'done';
  return (
    <Section title={t('run.current')} aside={<RunButtons isRunning={isRunning} />}>
      {isRunning ? (
        <Stack gap="sm">
          <Group gap="md">
            <Text size="sm">{t(`run.phase.${progress.phase}`)}</Text>
            <Text size="sm" c="dimmed">
              {t('run.tally', {
                inFlight: number(progress.inFlight),
                queued: number(progress.queued),
                pushed: number(progress.pushed),
              })}
            </Text>
            {progress.blocked > 0 && (
              <Text size="sm" className="blocked-text">
                {t('run.tallyBlocked', { count: progress.blocked })}
              </Text>
            )}
          </Group>
          {progress.transfers.map((transfer) => (
            <TransferCard key={transfer.image} transfer={transfer} />
          ))}
          {progress.transfers.length === 0 && (
            <Text size="sm" c="dimmed">
              {t('run.nothingMoves')}
            </Text>
          )}
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {t('run.none')}
        </Text>
      )}
    </Section>
  );
}

function RunButtons({ isRunning }: { readonly isRunning: boolean }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const start = useMutation({ mutationFn: requestRun });
  const cancel = useMutation({ mutationFn: cancelRun });
  if (!isOperator) return null;
  const fault = start.error ?? cancel.error;
  return (
    <Group gap="xs">
      {isRunning && (
        <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          {t('run.cancel')}
        </Button>
      )}
      <Button size="xs" variant="light" loading={start.isPending} onClick={() => start.mutate()}>
        {t('run.start')}
      </Button>
      {fault !== null && <FaultNotice error={fault} />}
    </Group>
  );
}
