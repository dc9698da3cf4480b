import { Code, Group, NativeSelect } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { requestsQuery } from '../api/queries.js';
import type { ReceivedRequest } from '../api/types.js';
import { Empty } from '../parts/empty.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { PagedView } from '../parts/paged-view.js';
import { Cell, PlainTable, Row } from '../parts/plain-table.js';
import { OutcomeBadge } from './requests/outcome-badge.js';
import { RequestReason } from './requests/request-reason.js';

const kinds = ['webhook', 'dispatch', 'api', 'console'] as const;
const outcomes = ['accepted', 'ignored', 'refused'] as const;

export function RequestsPage() {
  const { t } = useTranslation();
  const [kind, setKind] = useState<(typeof kinds)[number]>();
  const [outcome, setOutcome] = useState<(typeof outcomes)[number]>();
  const requests = useInfiniteQuery(requestsQuery({ kind, outcome }));
  const any = { value: '', label: t('images.any') };
  return (
    <Page title={t('places.requests')} description={t('requests.description')}>
      <Group align="flex-end" className="filters">
        <NativeSelect
          label={t('requests.kind')}
          value={kind ?? ''}
          data={[any, ...kinds.map((one) => ({ value: one, label: t(`requests.kinds.${one}`) }))]}
          onChange={({ currentTarget: { value } }) => setKind(kinds.find((one) => one === value))}
        />
        <NativeSelect
          label={t('requests.outcome')}
          value={outcome ?? ''}
          data={[any, ...outcomes.map((one) => ({ value: one, label: t(`requests.outcomes.${one}`) }))]}
          onChange={({ currentTarget: { value } }) => setOutcome(outcomes.find((one) => one === value))}
        />
      </Group>
      <PagedView
        query={requests}
        empty={
          <Empty icon="requests" title={t('requests.none')}>
            {t('requests.noneHint')}
          </Empty>
        }
      >
        {(items) => <RequestTable items={items} />}
      </PagedView>
    </Page>
  );
}

function RequestTable({ items }: { readonly items: readonly ReceivedRequest[] }) {
  const { t } = useTranslation();
  return (
    <PlainTable
      heads={[
        t('image.when'),
        t('requests.outcome'),
        t('requests.kind'),
        t('requests.what'),
        t('requests.who'),
        t('runs.why'),
      ]}
    >
      {items.map(({ id, at, outcome, status, kind, method, route, event, repository, who, delivery, reason }) => (
        <Row key={id}>
          <Cell>
            <TextLink to="/requests/$id" params={{ id: String(id) }} size="sm">
              <Moment at={at} form="time" />
            </TextLink>
          </Cell>
          <Cell>
            <OutcomeBadge outcome={outcome} status={status} />
          </Cell>
          <Cell>{t(`requests.kinds.${kind}`)}</Cell>
          <Cell isBreaking>
            <Code>
              {method} {route}
            </Code>{' '}
            {[event, repository, delivery].filter((part) => part !== undefined).join(' · ')}
          </Cell>
          <Cell isBreaking>{who ?? '–'}</Cell>
          <Cell isBreaking>
            <RequestReason outcome={outcome} status={status} reason={reason} />
          </Cell>
        </Row>
      ))}
    </PlainTable>
  );
}
