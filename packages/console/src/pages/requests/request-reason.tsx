import { useTranslation } from 'react-i18next';

import type { ReceivedRequest } from '../../api/types.js';
import { currentLanguage } from '../../i18n/language.js';
import { refusalKind } from '../../parts/refusal-kind.js';

/** Why a request was not accepted, in the reader's language, and below it the server's words. */
export function RequestReason({ outcome, status, reason }: Pick<ReceivedRequest, 'outcome' | 'status' | 'reason'>) {
  const { t } = useTranslation();
  if (outcome === 'accepted' || (reason !== undefined && currentLanguage() === 'en')) return reason ?? null;
  const refusal = refusalKind(status) ?? 'invalid';
  return (
    <>
      {outcome === 'ignored' ? t('requests.nothingToDo') : t(`requests.refusals.${refusal}`)}
      {reason !== undefined && (
        <span className="original" lang="en">
          {reason}
        </span>
      )}
    </>
  );
}
