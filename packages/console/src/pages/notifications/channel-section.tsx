import { Alert, Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { testChannel } from '../../api/calls.js';
import type { NotificationChannel } from '../../api/types.js';
import { Badge } from '../../parts/badge.js';
import { Facts } from '../../parts/facts.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { Icon } from '../../parts/icons.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/section.js';
import { useIsOperator } from '../../shell/session-gate.js';

/** A channel with its state, and a button that tests it. */
export function ChannelSection({ channel }: { readonly channel: NotificationChannel }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const { name, kind, host, kinds, pending, failed, lastSentAt, pausedUntil, error } = channel;
  const test = useMutation({ mutationFn: async () => await testChannel(name) });
  return (
    <Section
      title={name}
      aside={
        <Group gap="xs">
          <Badge color="gray">{t(`notifications.channelKinds.${kind}`)}</Badge>
          {error !== undefined && <Badge color="red">{t('notifications.hasError')}</Badge>}
          {isOperator && (
            <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
              {t('notifications.test')}
            </Button>
          )}
        </Group>
      }
    >
      {test.error !== null && <FaultNotice error={test.error} />}
      {test.data !== undefined && (
        <Alert
          color={test.data.outcome === 'sent' ? 'green' : 'red'}
          variant="light"
          role="status"
          icon={<Icon name={test.data.outcome === 'sent' ? 'check' : 'warning'} />}
        >
          {test.data.outcome === 'sent'
            ? t('notifications.testSent')
            : t('notifications.testNot', { answer: test.data.answer })}
        </Alert>
      )}
      <Facts
        facts={[
          [t('notifications.host'), host],
          [t('notifications.receives'), kinds.map((one) => t(`notifications.kinds.${one}`)).join(t('common.comma'))],
          [t('notifications.pending'), String(pending)],
          failed > 0 && [t('notifications.failed'), String(failed)],
          [
            t('notifications.lastSent'),
            lastSentAt === undefined ? t('notifications.never') : <Moment key="sent" at={lastSentAt} />,
          ],
          pausedUntil !== undefined && [
            t('notifications.paused'),
            <Moment key="paused" at={pausedUntil} form="time" />,
          ],
          error !== undefined && [t('notifications.error'), error],
        ]}
      />
    </Section>
  );
}
