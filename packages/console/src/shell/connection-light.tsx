import { Text, Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { useConnection } from '../api/live.js';

/** Whether the page shows what happens now. */
export function ConnectionLight() {
  const { t } = useTranslation();
  const connection = useConnection();
  return (
    <Tooltip label={t(`shell.connectionHint.${connection}`)} multiline maw={260}>
      <Text component="span" size="sm" className="connection" data-connection={connection} role="status">
        <span className="light" aria-hidden />
        <span className="connection-word">{t(`shell.connection.${connection}`)}</span>
      </Text>
    </Tooltip>
  );
}
