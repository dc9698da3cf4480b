import { skipToken, useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';

import { keys } from '../api/keys.js';
import type { ListedImage, Progress } from '../api/types.js';
import { useFormats } from '../parts/formats.js';
import { phaseOf } from './phase-of.js';
import type { Phase } from './phase-of.js';

interface PhaseTextProps {
  readonly row: Pick<ListedImage, 'image' | 'state' | 'allowanceAt'>;
}

/** What happens to an image now: "waiting for the pull allowance until 14:05", "copying, 34 %". */
export function PhaseText({ row }: PhaseTextProps) {
  return row.state === 'pushed' || row.state === 'withdrawn' ? null : <PhaseOfOpen row={row} />;
}

function PhaseOfOpen({ row }: PhaseTextProps) {
  const { t } = useTranslation();
  const { clock } = useFormats();
  // Only rows whose phase changes are rendered again.
  const { data: phase } = useQuery({
    queryKey: keys.progress,
    queryFn: skipToken,
    initialData: null as Progress | null,
    select: (progress) => phaseOf(row, progress) ?? null,
  });
  if (phase === null || phase === undefined) return null;
  return (
    <div className="phase" data-phase={phase.name}>
      {textOf(phase, t, clock)}
    </div>
  );
}

function textOf(phase: Phase, t: TFunction, clock: (at: number) => string): string {
  if (phase.name === 'allowance') return t('phase.allowance', { time: clock(phase.until) });
  if (phase.name === 'copying') return t('phase.copying', { percent: phase.percent });
  return t(`phase.${phase.name}`);
}
