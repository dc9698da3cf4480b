import { memo } from 'react';
import type { MouseEvent, Ref } from 'react';
import { useTranslation } from 'react-i18next';

import type { ListedImage } from '../../api/types.js';
import { basePath } from '../../base-path.js';
import { currentLanguage } from '../../i18n/language.js';
import { useFaultSentence } from '../../parts/fault-text.js';
import { Moment } from '../../parts/moment.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { StateBadge } from '../../parts/state-badge.js';
import { PhaseText } from '../../phase/phase-text.js';

interface ImageRowProps {
  readonly ref: Ref<HTMLDivElement>;
  readonly index: number;
  /** Pixels below the head. */
  readonly top: number;
  readonly row: ListedImage;
  readonly isSelected: boolean;
  /** The same function in each render, as `onOpen`. */
  readonly onToggle: (image: string) => void;
  /** A click that opens no other tab or window. */
  readonly onOpen: (image: string) => void;
}

/** A row of thousands that are scrolled over: plain elements only, and rendered again only when it changes. */
export const ImageRow = memo(function ImageRow(props: ImageRowProps) {
  const { ref, index, top, row, isSelected, onToggle, onOpen } = props;
  const { t } = useTranslation();
  const { image, platform, state, code, reason, requestedAt, checkedAt, copies } = row;
  const sentenceOf = useFaultSentence();
  const faultText = currentLanguage() === 'en' ? (reason ?? sentenceOf(code)) : (sentenceOf(code) ?? reason);
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
        <label className="select-area">
          <input
            type="checkbox"
            className="select-box"
            aria-label={t('images.select', { image })}
            checked={isSelected}
            onChange={() => onToggle(image)}
          />
        </label>
      </div>
      <div role="cell" className="column-image">
        <a
          href={`${basePath}image?reference=${encodeURIComponent(image)}`}
          className="image-name"
          onClick={(event) => {
            if (!isPlainClick(event)) return;
            event.preventDefault();
            onOpen(image);
          }}
        >
          <ReferenceText text={image} />
        </a>
        <div className="second-line">
          {platform}
          {code !== undefined && (
            <>
              {' · '}
              <code>{code}</code> <span title={reason}>{faultText}</span>
            </>
          )}
        </div>
      </div>
      <div role="cell" className="column-state">
        <StateBadge state={state} />
        <PhaseText row={row} />
      </div>
      <div role="cell" className="column-copies">
        {copies.map((copy) => {
          const stateWord = t(`state.${copy.state}`);
          return (
            <span
              key={copy.target}
              className="copy"
              data-state={copy.state}
              title={`${copy.target}: ${stateWord}${copy.reason === undefined ? '' : `, ${copy.reason}`}`}
            >
              <span className="copy-light" aria-hidden />
              {copy.target}
              <span className="off-screen"> {stateWord}</span>
            </span>
          );
        })}
      </div>
      <div role="cell" className="column-added">
        {requestedAt === undefined ? '–' : <Moment at={requestedAt} />}
      </div>
      <div role="cell" className="column-checked">
        {checkedAt === undefined ? '–' : <Moment at={checkedAt} />}
      </div>
    </div>
  );
});

function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
