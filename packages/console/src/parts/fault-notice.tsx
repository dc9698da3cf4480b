import { Alert, Button, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { RequestFault } from '../api/request-fault.js';
import { Icon } from './icons.js';
import { refusalKind } from './refusal-kind.js';

interface FaultNoticeProps {
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
}

/** A request that failed: what happened, in the reader's language, and below it the server's own words. */
export function FaultNotice({ error, onRetry }: FaultNoticeProps) {
  const { t } = useTranslation();
  const status = error instanceof RequestFault ? error.status : undefined;
  const kind = status === undefined ? undefined : refusalKind(status);
  const refused = kind === undefined ? t('fault.refused') : t(`fault.status.${kind}`);
  return (
    <Alert
      color="red"
      variant="light"
      icon={<Icon name="warning" />}
      title={status === 0 ? t('fault.noAnswer') : refused}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm" className="breaking" lang={status === 0 ? undefined : 'en'}>
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
