import { Checkbox, Code, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { Ref } from 'react';
import { useTranslation } from 'react-i18next';

import type { ListedImage } from '../../api/types.js';
import { Moment } from '../../parts/moment.js';
import { StateBadge } from '../../parts/state-badge.js';
import { PhaseText } from '../../phase/phase-text.js';

interface ImageRowProps {
  readonly ref: Ref<HTMLDivElement>;
  readonly index: number;
  /** Pixels below the head. */
  readonly top: number;
  readonly row: ListedImage;
  readonly isSelected: boolean;
  readonly onToggle: (image: string) => void;
}

export const ImageRow = memo(function ImageRow({ ref, index, top, row, isSelected, onToggle }: ImageRowProps) {
  const { t } = useTranslation();
  const { image, platform, state, code, reason, requestedAt, checkedAt, copies } = row;
  return (
    <div
      ref={ref}
      role="row"
      className="row"
      data-index={index}
      data-selected={isSelected || undefined}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" className="column-select">
        <Checkbox
          size="xs"
          aria-label={t('images.select', { image })}
          checked={isSelected}
          onChange={() => onToggle(image)}
        />
      </div>
      <div role="cell" className="column-image">
        <Link to="/image" search={{ reference: image }} className="image-name">
          {image}
        </Link>
        <Text size="xs" c="dimmed" component="div" className="second-line">
          {platform}
          {code !== undefined && (
            <>
              {' · '}
              <Code>{code}</Code> <span title={reason}>{reason}</span>
            </>
          )}
        </Text>
      </div>
      <div role="cell" className="column-state">
        <StateBadge state={state} />
        <PhaseText row={row} />
      </div>
      <div role="cell" className="column-copies">
        {copies.map((copy) => (
          <Tooltip
            key={copy.target}
            label={`${copy.target}: ${t(`state.${copy.state}`)}${copy.reason === undefined ? '' : `, ${copy.reason}`}`}
            multiline
            maw={360}
          >
            <span className="copy" data-state={copy.state}>
              <span className="copy-light" aria-hidden />
              {copy.target}
              <span className="off-screen"> {t(`state.${copy.state}`)}</span>
            </span>
          </Tooltip>
        ))}
      </div>
      <div role="cell" className="column-added">
        {requestedAt !== undefined && <Moment at={requestedAt} />}
      </div>
      <div role="cell" className="column-checked">
        {checkedAt !== undefined && <Moment at={checkedAt} />}
      </div>
    </div>
  );
});
