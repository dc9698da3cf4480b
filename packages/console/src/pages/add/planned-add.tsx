import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { PlanFacts } from '../../actions/plan-facts.js';
import type { ParsedText } from '../../api/types.js';
import { Icon } from '../../parts/icons.js';
import { Loading } from '../../parts/loading.js';
import { Section } from '../../parts/section.js';

/** What a sync run would do for the images: bytes and pulls. Absent: not computed yet. */
export function PlannedAdd({ planned }: { readonly planned: ParsedText | undefined }) {
  const { t } = useTranslation();
  return (
    <Section title={t('add.plan')}>
      {planned === undefined && <Loading label={t('action.planning')} />}
      {planned?.plan !== undefined && <PlanFacts plan={planned.plan} />}
      {planned?.planFault !== undefined && (
        <Alert color="yellow" icon={<Icon name="warning" />} title={t('action.noPlan')}>
          {planned.planFault}
        </Alert>
      )}
    </Section>
  );
}
