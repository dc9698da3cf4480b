import { Button, Center } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { runsQuery } from '../api/queries.js';
import { Empty } from '../parts/empty.js';
import { useFormats } from '../parts/formats.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { QueryView } from '../parts/query-view.js';
import { RunCounts } from '../parts/run-counts.js';
import { Scrolling } from '../parts/scrolling.js';

export function RunsPage() {
  const { t } = useTranslation();
  const { bytes, duration } = useFormats();
  const runs = useInfiniteQuery(runsQuery);
  return (
    <Page title={t('places.runs')} description={t('runs.description')}>
      <QueryView query={runs}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) {
            return (
              <Empty icon="runs" title={t('runs.none')}>
                {t('runs.noneHint')}
              </Empty>
            );
          }
          return (
            <Scrolling>
              <table className="plain-table">
                <thead>
                  <tr>
                    <th scope="col">{t('runs.started')}</th>
                    <th scope="col">{t('runs.took')}</th>
                    <th scope="col">{t('places.images')}</th>
                    <th scope="col">{t('runs.read')}</th>
                    <th scope="col">{t('runs.sent')}</th>
                    <th scope="col">{t('runs.reasons')}</th>
                  </tr>
                </thead>
                <tbody>
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
                      <td className="breaking">{reasons.join(', ')}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolling>
          );
        }}
      </QueryView>
      {runs.hasNextPage && (
        <Center>
          <Button variant="default" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
            {t('common.showMore')}
          </Button>
        </Center>
      )}
    </Page>
  );
}
