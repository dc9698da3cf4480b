import { Alert, Button, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { RequestFault } from '../api/request-fault.js';
import { Icon } from './icons.js';

interface FaultNoticeProps {
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
}

/** A request that failed: what happened, in the server's words where it answered, and what to do. */
export function FaultNotice({ error, onRetry }: FaultNoticeProps) {
  const { t } = useTranslation();
  const status = error instanceof RequestFault ? error.status : undefined;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<Icon name="warning" />}
      title={status === 0 ? t('fault.noAnswer') : t('fault.refused')}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm" className="breaking">
          {status === 0 ? t('fault.noAnswerHint') : error.message}
        </Text>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
