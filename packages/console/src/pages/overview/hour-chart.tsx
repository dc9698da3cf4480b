import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import type { Overview } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';

const height = 180;

/** Bars of images, and a line of bytes, by hour. */
export function HourChart({ hours: known }: { readonly hours: Overview['pushedOverTime'] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const hours = useMemo(() => everyHour(known), [known]);
  const place = useRef<HTMLDivElement>(null);
  const isDark = useComputedColorScheme('light') === 'dark';

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const ink = isDark ? '#c9c9c9' : '#495057';
    const grid = { stroke: isDark ? '#3b3b3b' : '#e9ecef', width: 1 };
    const paths = uPlot.paths.bars?.({ size: [0.7, 40] });
    const bars = paths === undefined ? {} : { paths };
    const axis = { stroke: ink, grid, ticks: grid, font: '12px sans-serif' };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { live: false },
        cursor: { show: false },
        scales: {
          x: { time: true },
          y: { range: (_, __, most) => [0, Math.max(most, 1)] },
          bytes: { range: (_, __, most) => [0, Math.max(most, 1)] },
        },
        axes: [
          { ...axis, values: (_, times) => times.map((time) => formats.hour(time * 1_000)) },
          {
            ...axis,
            values: (_, values) => values.map((value) => (Number.isInteger(value) ? formats.number(value) : '')),
          },
          {
            ...axis,
            scale: 'bytes',
            side: 1,
            size: 64,
            grid: { show: false },
            values: (_, values) => values.map(formats.bytes),
          },
        ],
        series: [
          { label: t('overview.hour') },
          {
            label: t('overview.imagesPushed'),
            fill: isDark ? '#1971c2' : '#74c0fc',
            stroke: '#1c7ed6',
            ...bars,
            points: { show: false },
          },
          {
            label: t('overview.bytesSent'),
            scale: 'bytes',
            stroke: isDark ? '#63e6be' : '#087f5b',
            width: 2,
            points: { show: false },
          },
        ],
      },
      [hours.map(({ at }) => at / 1_000), hours.map(({ images }) => images), hours.map(({ bytesSent }) => bytesSent)],
      element,
    );
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [hours, isDark, formats, t]);

  return <div ref={place} className="chart" role="img" aria-label={t('overview.throughput')} />;
}

const hourMs = 60 * 60_000;
const hoursShown = 24;

/** The server leaves out hours in which nothing was pushed. */
function everyHour(known: Overview['pushedOverTime']): Overview['pushedOverTime'] {
  const byHour = new Map(known.map((hour) => [Math.floor(hour.at / hourMs), hour]));
  const last = Math.floor(Date.now() / hourMs);
  return Array.from({ length: hoursShown }, (_, index) => {
    const hour = last - hoursShown + 1 + index;
    return byHour.get(hour) ?? { at: hour * hourMs, images: 0, bytesRead: 0, bytesSent: 0 };
  });
}
