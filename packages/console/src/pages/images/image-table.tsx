import { Checkbox, Loader, Text, UnstyledButton } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { ImageListing } from '../../api/keys.js';
import type { ListedImage } from '../../api/types.js';
import { Icon } from '../../parts/icons.js';
import { ImageRow } from './image-row.js';

/** Rows measure themselves; this is for those that were never shown. */
const estimatedRowHeight = 58;
/** The next page is read before the last row is shown. */
const rowsAhead = 30;

interface ImageTableProps {
  readonly rows: readonly ListedImage[];
  /** Of all pages; undefined: not known yet. */
  readonly total: number | undefined;
  readonly isLoading: boolean;
  readonly selected: readonly string[];
  readonly sort: ImageListing['sort'];
  readonly order: ImageListing['order'];
  readonly onSort: (sort: ImageListing['sort'], order: ImageListing['order']) => void;
  readonly onSelect: (selected: readonly string[]) => void;
  /** The end of the rows is near. */
  readonly onEnd: () => void;
}

/** Only the rows on the screen are in the document, so that 100,000 of them scroll like ten. */
export function ImageTable(props: ImageTableProps) {
  const { rows, total, isLoading, selected, onSelect, onEnd } = props;
  const { t } = useTranslation();
  const body = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(body.current?.offsetTop ?? 0), [isLoading]);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => estimatedRowHeight,
    overscan: 12,
    scrollMargin: offset,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const shown = virtualizer.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  const isNearEnd = last >= rows.length - rowsAhead;
  useEffect(() => {
    if (rows.length > 0 && isNearEnd) onEnd();
  }, [isNearEnd, rows.length, onEnd]);

  const chosen = new Set(selected);
  const toggle = (image: string): void =>
    onSelect(chosen.has(image) ? selected.filter((one) => one !== image) : [...selected, image]);
  return (
    <div role="table" aria-label={t('places.images')} aria-rowcount={total ?? -1} className="image-table">
      <HeadRow {...props} />
      <div ref={body} role="rowgroup" className="rows" style={{ height: virtualizer.getTotalSize() }}>
        {shown.map(({ index, key, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <ImageRow
              key={key}
              ref={virtualizer.measureElement}
              index={index}
              top={start - offset}
              row={row}
              isSelected={chosen.has(row.image)}
              onToggle={toggle}
            />
          );
        })}
      </div>
      {isLoading && (
        <div className="more">
          <Loader size="sm" aria-label={t('common.loading')} />
        </div>
      )}
    </div>
  );
}

function HeadRow({ rows, selected, sort, order, onSort, onSelect }: ImageTableProps) {
  const { t } = useTranslation();
  const images = [...new Set(rows.map(({ image }) => image))].slice(0, 100);
  const areAll = images.length > 0 && images.every((image) => selected.includes(image));
  const column = (name: ImageListing['sort'], label: string) => (
    <div role="columnheader" aria-sort={ariaSort(sort === name, order)} className={`column-${name}`}>
      <UnstyledButton className="sort" onClick={() => onSort(name, sort === name ? opposite(order) : firstOrder(name))}>
        {label} {sort === name && <Icon name={order === 'asc' ? 'up' : 'down'} size={14} />}
      </UnstyledButton>
    </div>
  );
  return (
    <div role="rowgroup">
      <div role="row" className="row head" aria-rowindex={1}>
        <div role="columnheader" className="column-select">
          <Checkbox
            size="xs"
            aria-label={t('images.selectShown', { count: images.length })}
            checked={areAll}
            indeterminate={!areAll && selected.length > 0}
            onChange={() => onSelect(areAll ? [] : images)}
          />
        </div>
        {column('image', t('images.image'))}
        <div role="columnheader" className="column-state">
          <Text size="sm" fw={600} component="span">
            {t('images.state')}
          </Text>
        </div>
        <div role="columnheader" className="column-copies">
          <Text size="sm" fw={600} component="span">
            {t('places.targets')}
          </Text>
        </div>
        {column('added', t('images.added'))}
        {column('checked', t('images.checked'))}
      </div>
    </div>
  );
}

function opposite(order: ImageListing['order']): ImageListing['order'] {
  return order === 'asc' ? 'desc' : 'asc';
}

function firstOrder(sort: ImageListing['sort']): ImageListing['order'] {
  return sort === 'image' ? 'asc' : 'desc';
}

function ariaSort(isSorted: boolean, order: ImageListing['order']): 'ascending' | 'descending' | 'none' {
  if (!isSorted) return 'none';
  return order === 'asc' ? 'ascending' : 'descending';
}
