import { useTranslation } from 'react-i18next';

import { Empty } from '../parts/empty.js';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Empty icon="search" title={t('notFound.title')}>
      {t('notFound.hint')}
    </Empty>
  );
}
