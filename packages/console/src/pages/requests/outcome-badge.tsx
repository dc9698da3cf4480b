import { useTranslation } from 'react-i18next';

import type { ReceivedRequest } from '../../api/types.js';
import { Badge } from '../../parts/badge.js';

const colors = { accepted: 'green', ignored: 'gray', refused: 'red' } as const;

/** What became of a request, with the HTTP status of its answer. */
export function OutcomeBadge({
  outcome,
  status,
}: {
  readonly outcome: ReceivedRequest['outcome'];
  readonly status?: number | undefined;
}) {
  const { t } = useTranslation();
  return (
    <Badge color={colors[outcome]}>
      {t(`requests.outcomes.${outcome}`)} {status}
    </Badge>
  );
}
