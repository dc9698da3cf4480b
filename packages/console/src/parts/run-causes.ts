import type { TFunction } from 'i18next';

import type { Run } from '../api/types.js';

/** Each text of a cause has some of these values. */
const noValues = { who: '', branch: '', repository: '', delivery: '', copies: '', image: '', target: '', images: '' };

/** Why a run was requested. A command, and the release of an upstream, are the same in every language. */
export function causesOf({ causes }: Pick<Run, 'causes'>, t: TFunction): string {
  return causes
    .map(({ kind, facts }) => {
      if (kind === 'other') return facts['text'] ?? '';
      const text = t(`runs.causes.${kind}`, { ...noValues, ...facts });
      return kind === 'console' && facts['what'] !== undefined ? `${text}: ${facts['what']}` : text;
    })
    .join(t('common.comma'));
}
