import { useTranslation } from 'react-i18next';

import type { Catalogue } from '../i18n/en.js';
import { currentLanguage } from '../i18n/language.js';

interface FaultTextProps {
  readonly code?: string | undefined;
  /** What the server says, in English. */
  readonly reason?: string | undefined;
}

/**
 * A fault in the reader's language: the sentence of its code, and below it what the server says, which has the details. An
 * English reader gets the server's words alone.
 */
export function FaultText({ code, reason }: FaultTextProps) {
  const sentence = useFaultSentence()(code);
  if (reason === undefined) return sentence ?? null;
  if (currentLanguage() === 'en') return reason;
  return (
    <>
      {sentence}
      <span className="original" lang="en">
        {reason}
      </span>
    </>
  );
}

/** The sentence of a code; undefined for one that the catalogues do not know. */
export function useFaultSentence(): (code: string | undefined) => string | undefined {
  const { t, i18n } = useTranslation();
  return (code) => (code !== undefined && isCause(code, i18n) ? t(`cause.${code}`) : undefined);
}

function isCause(code: string, { exists }: { exists(key: string): boolean }): code is keyof Catalogue['cause'] {
  return exists(`cause.${code}`);
}
