import { Alert, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ReleaseResult, RollbackResult } from '../../api/calls.js';
import { Digest } from '../../parts/digest.js';
import { Reason } from '../../parts/reason.js';

/** What became of a rollback or a release. */
export function HoldResult({ result }: { readonly result: RollbackResult | ReleaseResult }) {
  const { t } = useTranslation();
  if (!('state' in result)) return <ReleaseOutcome result={result} />;
  const { state } = result;
  return (
    <Alert color={colors[state]} title={t(`hold.outcome.${state}`)} role="status">
      <Stack gap="xs">
        {state === 'held' && <Digest digest={result.digest} />}
        {state === 'refused' && <Reason code={result.code} reason={result.reason} isOpen />}
        {state === 'pending' && <Reason reason={result.reason} />}
      </Stack>
    </Alert>
  );
}

const colors = { held: 'green', refused: 'red', pending: 'yellow', requested: 'blue', released: 'yellow' } as const;

function ReleaseOutcome({ result: { released, fault } }: { readonly result: ReleaseResult }) {
  const { t } = useTranslation();
  const isReleased = released.length > 0;
  return (
    <Alert
      color={isReleased ? 'green' : 'yellow'}
      title={isReleased ? t('hold.isReleased', { targets: released.join(', ') }) : t('hold.notHeld')}
      role="status"
    >
      {fault !== undefined && (
        <Text size="sm" className="breaking">
          {t('hold.noSync')} {fault}
        </Text>
      )}
    </Alert>
  );
}
