import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { runsQuery } from '../api/queries.js';
import { Empty } from '../parts/empty.js';
import { useFormats } from '../parts/formats.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { PagedView } from '../parts/paged-view.js';
import { PlainTable } from '../parts/plain-table.js';
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
            {items.map(({ run, startedAt, finishedAt, images, bytesRead, bytesSent, reasons }) => (
              <tr key={run}>
                <td>
                  <TextLink to="/runs/$run" params={{ run }} size="sm">
                    <Moment at={startedAt} form="time" />
                  </TextLink>
                </td>
                <td>{finishedAt === undefined ? t('runs.running') : duration(finishedAt - startedAt)}</td>
                <td>
                  <RunCounts images={images} />
                </td>
                <td>{bytes(bytesRead)}</td>
                <td>{bytes(bytesSent)}</td>
                <td className="breaking">{reasons.join(t('common.comma'))}</td>
              </tr>
            ))}
          </PlainTable>
        )}
      </PagedView>
    </Page>
  );
}
