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
import { PlainTable } from '../parts/plain-table.js';
import { OutcomeBadge } from './requests/outcome-badge.js';

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
        <tr key={id}>
          <td>
            <TextLink to="/requests/$id" params={{ id: String(id) }} size="sm">
              <Moment at={at} form="time" />
            </TextLink>
          </td>
          <td>
            <OutcomeBadge outcome={outcome} status={status} />
          </td>
          <td>{t(`requests.kinds.${kind}`)}</td>
          <td className="breaking">
            <Code>
              {method} {route}
            </Code>{' '}
            {[event, repository, delivery].filter((part) => part !== undefined).join(' · ')}
          </td>
          <td className="breaking">{who}</td>
          <td className="breaking">{reason}</td>
        </tr>
      ))}
    </PlainTable>
  );
}
