import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { runsQuery } from '../api/queries.js';
import { Empty } from '../parts/empty.js';
import { useFormats } from '../parts/formats.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { PagedView } from '../parts/paged-view.js';
import { Cell, PlainTable, Row } from '../parts/plain-table.js';
import { causesOf } from '../parts/run-causes.js';
import { RunCounts } from '../parts/run-counts.js';

export function RunsPage() {
  const { t } = useTranslation();
  const { bytes, duration } = useFormats();
  const runs = useInfiniteQuery(runsQuery);
  return (
    <Page title={t('places.runs')} description={t('runs.description')}>
      <PagedView
        query={runs}
        empty={
          <Empty icon="runs" title={t('runs.none')}>
            {t('runs.noneHint')}
          </Empty>
        }
      >
        {(items) => (
          <PlainTable
            heads={[
              t('runs.started'),
              t('runs.took'),
              t('places.images'),
              t('runs.read'),
              t('runs.sent'),
              t('runs.reasons'),
            ]}
          >
            {items.map(({ run, startedAt, finishedAt, images, bytesRead, bytesSent, causes }) => (
              <Row key={run}>
                <Cell>
                  <TextLink to="/runs/$run" params={{ run }} size="sm">
                    <Moment at={startedAt} form="time" />
                  </TextLink>
                </Cell>
                <Cell>{finishedAt === undefined ? t('runs.running') : duration(finishedAt - startedAt)}</Cell>
                <Cell>
                  <RunCounts images={images} />
                </Cell>
                <Cell>{bytes(bytesRead)}</Cell>
                <Cell>{bytes(bytesSent)}</Cell>
                <Cell isBreaking>{causesOf({ causes }, t)}</Cell>
              </Row>
            ))}
          </PlainTable>
        )}
      </PagedView>
    </Page>
  );
}
