import { Loader, Text, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { ImageListing } from '../../api/keys.js';
import type { ListedImage } from '../../api/types.js';
import { Icon } from '../../parts/icons.js';
import { ImageRow } from './image-row.js';
import { mostSelected } from './search.js';

/** Pixels, as console.css says: where each row has its own height, the least one. */
const rowHeight = { wide: 58, narrow: 82 };
/** As in console.css: a row has one line for each of its parts. */
const narrowWindow = '(max-width: 62em)';
/** The next page is read before its rows are needed: a user who turns the wheel fast passes 300 rows in a second. */
const rowsAhead = 60;

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
  /** The same function in each render, so that a row is not rendered again. */
  readonly onToggle: (image: string) => void;
  /** The end of the rows is near. */
  readonly onEnd: () => void;
}

/** Only the rows on the screen are in the document, so that 100,000 of them scroll like ten. */
export function ImageTable(props: ImageTableProps) {
  const { rows, total, isLoading, selected, sort, order, onSort, onSelect, onToggle, onEnd } = props;
  const { t } = useTranslation();
  const body = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(body.current?.offsetTop ?? 0), [isLoading]);
  const isNarrow = useMediaQuery(narrowWindow, false, { getInitialValueInEffect: false });
  const height = isNarrow ? rowHeight.narrow : rowHeight.wide;
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: useCallback(() => height, [height]),
    overscan: 10,
    scrollMargin: offset,
    // A function of its own in each render would make the virtualizer lay out all rows again.
    getItemKey: useCallback((index: number) => rows[index]?.id ?? index, [rows]),
  });
  const shown = virtualizer.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  const isNearEnd = last >= rows.length - rowsAhead;
  useEffect(() => {
    if (rows.length > 0 && isNearEnd) onEnd();
  }, [isNearEnd, rows.length, onEnd]);

  const chosen = useMemo(() => new Set(selected), [selected]);
  const navigate = useNavigate();
  const open = useCallback((reference: string) => void navigate({ to: '/image', search: { reference } }), [navigate]);
  const firstImages = useMemo(() => firstOf(rows), [rows]);
  return (
    <div role="table" aria-label={t('places.images')} aria-rowcount={total ?? -1} className="image-table">
      <HeadRow images={firstImages} selected={selected} sort={sort} order={order} onSort={onSort} onSelect={onSelect} />
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
              onToggle={onToggle}
              onOpen={open}
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

interface HeadRowProps extends Pick<ImageTableProps, 'selected' | 'sort' | 'order' | 'onSort' | 'onSelect'> {
  /** What the box of the head selects. */
  readonly images: readonly string[];
}

const HeadRow = memo(function HeadRow({ images, selected, sort, order, onSort, onSelect }: HeadRowProps) {
  const { t } = useTranslation();
  const areAll = images.length > 0 && images.every((image) => selected.includes(image));
  const column = (name: ImageListing['sort'], label: string) => (
    <div role="columnheader" aria-sort={ariaSort(sort === name, order)} className={`column-${name}`}>
      {name === 'image' && (
        <span className="sort-by" aria-hidden>
          {t('images.sortBy')}{' '}
        </span>
      )}
      <UnstyledButton className="sort" onClick={() => onSort(name, sort === name ? opposite(order) : firstOrder(name))}>
        {label} {sort === name && <Icon name={order === 'asc' ? 'up' : 'down'} size={14} />}
      </UnstyledButton>
    </div>
  );
  return (
    <div role="rowgroup">
      <div role="row" className="row head" aria-rowindex={1}>
        <div role="columnheader" className="column-select">
          <label className="select-area">
            <input
              type="checkbox"
              className="select-box"
              aria-label={t('images.selectShown', { count: images.length })}
              ref={(box) => {
                if (box !== null) box.indeterminate = !areAll && selected.length > 0;
              }}
              checked={areAll}
              onChange={() => onSelect(areAll ? [] : images)}
            />
          </label>
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
});

/** As many as an address takes. */
function firstOf(rows: readonly ListedImage[]): readonly string[] {
  const images = new Set<string>();
  for (const { image } of rows) {
    if (images.size === mostSelected) break;
    images.add(image);
  }
  return [...images];
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
