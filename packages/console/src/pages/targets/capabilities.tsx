import { Code, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Target } from '../../api/types.js';
import { Moment } from '../../parts/moment.js';

/** What was learned about the uploads of a target, in the words of the program. */
export function Capabilities({ target: { capabilities, learnedAt } }: { readonly target: Target }) {
  const { t } = useTranslation();
  if (capabilities === undefined) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        {t('targets.learned')}
      </Text>
      <dl className="facts">
        {Object.entries(capabilities).map(([name, value]) => (
          <div key={name}>
            <dt>
              <Code>{name}</Code>
            </dt>
            <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
      {learnedAt !== undefined && (
        <Text size="xs" c="dimmed">
          <Moment at={learnedAt} />
        </Text>
      )}
    </div>
  );
}
