import { Center, Loader, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { FaultNotice } from './fault-notice.js';

interface QueryViewProps<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}

/** What a query says, its fault above older data, or that it is on its way. */
export function QueryView<T>({ query, children }: QueryViewProps<T>) {
  const { t } = useTranslation();
  const { data, error, refetch } = query;
  const fault = error === null ? null : <FaultNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) {
    return (
      fault ?? (
        <Center mih={160}>
          <Loader aria-label={t('common.loading')} />
        </Center>
      )
    );
  }
  if (fault === null) return children(data);
  return (
    <Stack>
      {fault}
      {children(data)}
    </Stack>
  );
}
