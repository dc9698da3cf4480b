import type { TFunction } from 'i18next';

import type { Schedule } from '../api/types.js';

/** What a schedule starts: its ID is for Temporal and the CLI. */
export function nameOf({ kind, upstream }: Pick<Schedule, 'kind' | 'upstream'>, t: TFunction): string {
  return kind === 'fetch' ? t('schedules.kinds.fetch', { upstream: upstream ?? '' }) : t(`schedules.kinds.${kind}`);
}
