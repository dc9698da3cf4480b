import { Stack } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { useImageAction } from '../../actions/image-action.js';
import { imageCountQuery, imagesQuery } from '../../api/queries.js';
import { Empty } from '../../parts/empty.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { Page } from '../../parts/page.js';
import { BulkBar } from './bulk-bar.js';
import { ExportMenu } from './export-menu.js';
import { FilterBar } from './filter-bar.js';
import { ImageTable } from './image-table.js';
import { filterOf } from './search.js';
import type { ImageSearch } from './search.js';

const minuteMs = 60_000;

export function ImagesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/images' });
  const navigate = useNavigate({ from: '/images' });
  // The page changes its own address often: that is no step that one goes back to.
  const change = (changed: ImageSearch): void =>
    void navigate({ search: (before: ImageSearch) => ({ ...before, ...changed }), replace: true });
  const action = useImageAction(() => change({ selected: undefined }));

  const filterText = JSON.stringify({ ...search, selected: undefined, sort: undefined, order: undefined });
  const filter = useMemo(
    () => filterOf(JSON.parse(filterText) as ImageSearch, Math.floor(Date.now() / minuteMs) * minuteMs),
    [filterText],
  );
  const listing = { filter, sort: search.sort ?? 'added', order: search.order ?? 'desc' } as const;
  const images = useInfiniteQuery(imagesQuery(listing));
  const { data: count } = useQuery(imageCountQuery(filter));
  const rows = useMemo(() => images.data?.pages.flatMap(({ items }) => items) ?? [], [images.data]);
  const isFiltered = filterText !== '{}';

  return (
    <Page title={t('places.images')} actions={<ExportMenu filter={filter} />}>
      <FilterBar search={search} onChange={(changed) => change({ ...changed, selected: undefined })} />
      <BulkBar
        count={count?.count}
        selected={search.selected ?? []}
        filter={filter}
        onClear={() => change({ selected: undefined })}
        onAction={action.open}
      />
      {images.error !== null && <FaultNotice error={images.error} onRetry={() => void images.refetch()} />}
      {images.isSuccess && rows.length === 0 ? (
        <Empty icon="images" title={isFiltered ? t('images.noneMatches') : t('images.none')}>
          {isFiltered ? t('images.noneMatchesHint') : t('images.noneHint')}
        </Empty>
      ) : (
        <Stack gap={0}>
          <ImageTable
            rows={rows}
            total={count?.count}
            isLoading={images.isPending || images.isFetchingNextPage}
            selected={search.selected ?? []}
            sort={listing.sort}
            order={listing.order}
            onSort={(sort, order) => change({ sort, order })}
            onSelect={(selected) => change({ selected: selected.length === 0 ? undefined : selected })}
            onEnd={() => {
              if (images.hasNextPage && !images.isFetchingNextPage) void images.fetchNextPage();
            }}
          />
        </Stack>
      )}
      {action.dialog}
    </Page>
  );
}
