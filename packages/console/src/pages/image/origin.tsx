import { useTranslation } from 'react-i18next';

import type { RequestedBy } from '../../api/types.js';

const known = ['cli', 'webhook', 'upstream', 'workflow', 'row', 'api', 'console'] as const;

/** Where the name of an image came from. */
export function Origin({ origin: { by, id, release, service, oldTag, newTag } }: { readonly origin: RequestedBy }) {
  const { t } = useTranslation();
  const word = known.find((one) => one === by);
  const parts = [
    word === undefined ? by : t(`origin.${word}`),
    id,
    release !== undefined && t('origin.release', { release }),
    service !== undefined && t('origin.service', { service }),
    oldTag !== undefined && newTag !== undefined && `${oldTag} → ${newTag}`,
  ].filter((part) => part !== undefined && part !== false && part !== '');
  return <span className="breaking">{parts.join(' · ')}</span>;
}
