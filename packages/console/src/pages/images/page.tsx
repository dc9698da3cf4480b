import { Stack } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { useImageAction } from '../../actions/image-action.js';
import type { ImageListing } from '../../api/keys.js';
import { imageCountQuery, imagesQuery } from '../../api/queries.js';
import { Empty } from '../../parts/empty.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { Page } from '../../parts/page.js';
import { BulkBar } from './bulk-bar.js';
import { ExportMenu } from './export-menu.js';
import { FilterBar } from './filter-bar.js';
import { ImageTable } from './image-table.js';
import { listingOf, withToggled } from './search.js';
import type { ImageSearch } from './search.js';

/** The same array in each render. */
const none: readonly string[] = [];

export function ImagesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/images' });
  const navigate = useNavigate({ from: '/images' });
  // The page changes its own address often: that is no step that one goes back to.
  const change = useCallback(
    (changed: ImageSearch): void =>
      void navigate({ search: (before: ImageSearch) => ({ ...before, ...changed }), replace: true }),
    [navigate],
  );
  const select = useCallback(
    (selected: readonly string[]): void => change({ selected: selected.length === 0 ? undefined : selected }),
    [change],
  );
  const sortBy = useCallback(
    (sort: ImageListing['sort'], order: ImageListing['order']) => change({ sort, order }),
    [change],
  );
  const toggle = useCallback(
    (image: string): void =>
      void navigate({ search: (before: ImageSearch) => withToggled(before, image), replace: true }),
    [navigate],
  );
  const action = useImageAction(() => change({ selected: undefined }));

  const filterText = JSON.stringify({ ...search, selected: undefined, sort: undefined, order: undefined });
  const { filter } = useMemo(() => listingOf(JSON.parse(filterText) as ImageSearch, Date.now()), [filterText]);
  const listing = { ...listingOf(search, Date.now()), filter };
  const images = useInfiniteQuery(imagesQuery(listing));
  const { data: count } = useQuery(imageCountQuery(filter));
  const rows = useMemo(() => images.data?.pages.flatMap(({ items }) => items) ?? [], [images.data]);
  const { hasNextPage, isFetching, fetchNextPage } = images;
  const readMore = useCallback(() => {
    // It would cancel a read of the pages before.
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
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
            selected={search.selected ?? none}
            sort={listing.sort}
            order={listing.order}
            onSort={sortBy}
            onSelect={select}
            onToggle={toggle}
            onEnd={readMore}
          />
        </Stack>
      )}
      {action.dialog}
    </Page>
  );
}
