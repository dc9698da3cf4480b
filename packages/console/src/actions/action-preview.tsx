import { Alert, Spoiler, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ImageActionPreview } from '../api/types.js';
import { Facts } from '../parts/facts.js';
import { useFormats } from '../parts/formats.js';
import { Icon } from '../parts/icons.js';
import { ReferenceText } from '../parts/reference-text.js';
import { PlanFacts } from './plan-facts.js';
import { RefusedImages } from './refused-images.js';

/** What an action would do, by the planner of "ferry plan". */
export function ActionPreview({ preview }: { readonly preview: ImageActionPreview }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { action, images, rows, sample, refused, plan, planFault } = preview;
  return (
    <Stack gap="sm" aria-live="polite">
      <Facts
        facts={[
          [t('action.images'), number(images)],
          [t('action.rows'), number(rows)],
        ]}
      />
      {plan !== undefined && <PlanFacts plan={plan} />}
      {planFault !== undefined && (
        <Alert color="yellow" icon={<Icon name="warning" />} title={t('action.noPlan')}>
          {planFault}
        </Alert>
      )}
      {sample.length > 0 && (
        <Spoiler maxHeight={96} showLabel={t('common.showMore')} hideLabel={t('common.showLess')} className="sample">
          {sample.map((image) => (
            <Text key={image} size="sm" className="breaking">
              <ReferenceText text={image} />
            </Text>
          ))}
          {images > sample.length && (
            <Text size="sm" c="dimmed">
              {t('overview.andOthers', { count: images - sample.length })}
            </Text>
          )}
        </Spoiler>
      )}
      <RefusedImages action={action} refused={refused} />
    </Stack>
  );
}
