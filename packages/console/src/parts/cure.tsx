import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { currentLanguage } from '../i18n/language.js';
import { MarkedText } from './marked-text.js';

/** What a fault code means and what to do: the entry of the documentation's page about errors. */
export function Cure({ code }: { readonly code: string }) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const { data } = useQuery({
    queryKey: ['faults', language],
    staleTime: Infinity,
    queryFn: async () =>
      language === 'zh-CN' ? (await import('virtual:faults/zh-CN')).faults : (await import('virtual:faults/en')).faults,
  });
  const entry = data?.[code];
  if (entry === undefined) return null;
  return (
    <Stack gap={4} className="cure">
      <Text size="sm" component="div">
        <b>{t('fault.happened')}</b> <MarkedText text={entry.happened} />
      </Text>
      <Text size="sm" component="div">
        <b>{t('fault.todo')}</b> <MarkedText text={entry.todo} />
      </Text>
    </Stack>
  );
}
