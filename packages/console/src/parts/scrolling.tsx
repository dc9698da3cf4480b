import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

/** What may be wider than the window: it scrolls, by keyboard too. */
export function Scrolling({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className="scrolling" role="region" aria-label={t('common.scrolling')} tabIndex={0}>
      {children}
    </div>
  );
}
