import { Button, Checkbox, Group, NativeSelect, Text } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { redeliver } from '../../api/calls.js';
import { notificationsQuery } from '../../api/queries.js';
import type { Notification } from '../../api/types.js';
import { Badge } from '../../parts/badge.js';
import { Empty } from '../../parts/empty.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { Moment } from '../../parts/moment.js';
import { PagedView } from '../../parts/paged-view.js';
import { Cell, PlainTable, Row } from '../../parts/plain-table.js';
import { Section } from '../../parts/section.js';
import { useIsOperator } from '../../shell/session-gate.js';

const colors = { pending: 'gray', sending: 'yellow', sent: 'green', merged: 'gray', failed: 'red' } as const;

/** What was sent to which channel, with errors in the words of the platform. */
export function MessageLog({ channels }: { readonly channels: readonly string[] }) {
  const { t } = useTranslation();
  const [channel, setChannel] = useState<string>();
  const [isFailed, setIsFailed] = useState(false);
  const messages = useInfiniteQuery(notificationsQuery({ channel, failed: isFailed ? 'true' : undefined }));
  return (
    <Section title={t('notifications.log')}>
      <Group align="flex-end" className="filters">
        <NativeSelect
          label={t('notifications.channel')}
          value={channel ?? ''}
          data={[
            { value: '', label: t('notifications.any') },
            ...channels.map((name) => ({ value: name, label: name })),
          ]}
          onChange={({ currentTarget: { value } }) => setChannel(value === '' ? undefined : value)}
        />
        <Checkbox
          label={t('notifications.onlyFailed')}
          checked={isFailed}
          onChange={({ currentTarget: { checked } }) => setIsFailed(checked)}
        />
      </Group>
      <PagedView
        query={messages}
        empty={
          <Empty icon="notifications" title={t('notifications.noMessages')}>
            {t('notifications.noMessagesHint')}
          </Empty>
        }
      >
        {(items) => <MessageTable items={items} />}
      </PagedView>
    </Section>
  );
}

function MessageTable({ items }: { readonly items: readonly Notification[] }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const again = useMutation({ mutationFn: redeliver });
  return (
    <>
      {again.error !== null && <FaultNotice error={again.error} />}
      <PlainTable
        heads={[
          t('image.when'),
          t('notifications.state'),
          t('notifications.channel'),
          t('notifications.kind'),
          t('notifications.message'),
        ]}
      >
        {items.map(({ id, createdAt, state, channel, kind, title, error, attempts }) => (
          <Row key={id}>
            <Cell>
              <Moment at={createdAt} form="time" />
            </Cell>
            <Cell>
              <Badge color={colors[state]}>
                {state === 'sending' && error !== undefined ? t('state.retrying') : t(`notifications.states.${state}`)}
              </Badge>
            </Cell>
            <Cell>{channel}</Cell>
            <Cell>{t(`notifications.kinds.${kind}`)}</Cell>
            <Cell isBreaking>
              {title}
              {error !== undefined && (
                <Text size="sm" c="red">
                  {t('notifications.attempts', { count: attempts })}
                  {' · '}
                  {error}
                </Text>
              )}
              {isOperator && (state === 'failed' || state === 'merged' || state === 'sent') && (
                <Button
                  size="xs"
                  variant="subtle"
                  loading={again.isPending && again.variables === id}
                  onClick={() => again.mutate(id)}
                >
                  {t('notifications.redeliver')}
                </Button>
              )}
            </Cell>
          </Row>
        ))}
      </PlainTable>
    </>
  );
}
