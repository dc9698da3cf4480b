import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageActionPreview } from '../api/types.js';
import { Facts } from '../parts/facts.js';
import { useFormats } from '../parts/formats.js';

/** What a sync run would do, by the planner of "ferry plan". */
export function PlanFacts({ plan }: { readonly plan: NonNullable<ImageActionPreview['plan']> }) {
  const { t } = useTranslation();
  const { bytes, number } = useFormats();
  const counts = [
    [t('action.plan.there'), plan.there],
    [t('action.plan.copy'), plan.copy],
    [t('action.plan.adopt'), plan.adopt],
    [t('action.plan.unread'), plan.unread],
    [t('action.plan.stopped'), plan.stopped],
  ] as const;
  return (
    <>
      <Facts
        facts={[
          ...counts.filter(([, count]) => count > 0).map(([name, count]) => [name, number(count)] as const),
          [t('action.plan.bytesToRead'), bytes(plan.bytesToRead)],
          [t('action.plan.bytesToSend'), bytes(plan.bytesToSend)],
          [t('action.plan.pulls'), number(plan.pulls)],
        ]}
      />
      {plan.stopped > 0 && (
        <Text size="sm" className="blocked-text">
          {t('action.plan.whyStopped')}
        </Text>
      )}
      {!plan.isComplete && (
        <Text size="sm" c="dimmed">
          {t('action.plan.partial', { count: plan.images })}
        </Text>
      )}
    </>
  );
}
