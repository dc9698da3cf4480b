import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';

import { useImageAction } from '../../actions/image-action.js';
import type { Overview } from '../../api/types.js';
import { CureToggle } from '../../parts/cure-toggle.js';
import { Cure } from '../../parts/cure.js';
import { FaultText } from '../../parts/fault-text.js';
import { ButtonLink, TextLink } from '../../parts/links.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { Section } from '../../parts/section.js';
import { StateBadge } from '../../parts/state-badge.js';
import { useIsOperator } from '../../shell/session-gate.js';

/** Where what to do about each cause would fill the first screens. */
const narrowWindow = '(max-width: 48em)';

type Cause = Overview['causes'][number];

/** What is not pushed, grouped by its cause: what needs a person first. */
export function CauseList({ causes }: Pick<Overview, 'causes'>) {
  const { t } = useTranslation();
  const blocked = causes.filter(({ state }) => state === 'blocked');
  const others = causes.filter(({ state }) => state !== 'blocked');
  return (
    <>
      {blocked.length > 0 && (
        <Section title={t('overview.needsPerson')}>
          {blocked.map((cause) => (
            <CauseRow key={keyOf(cause)} cause={cause} />
          ))}
        </Section>
      )}
      {others.length > 0 && (
        <Section title={t('overview.triedAgain')}>
          {others.map((cause) => (
            <CauseRow key={keyOf(cause)} cause={cause} />
          ))}
        </Section>
      )}
    </>
  );
}

function CauseRow({ cause }: { readonly cause: Cause }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const action = useImageAction();
  const isNarrow = useMediaQuery(narrowWindow, false, { getInitialValueInEffect: false });
  const { state, code, target, host, images, reason, sample } = cause;
  const filter = { state, code, ...(target === undefined ? {} : { target }), ...(host === undefined ? {} : { host }) };
  const [first] = sample;
  return (
    <Stack gap={6} className="cause" data-state={state}>
      <Group justify="space-between" gap="xs" align="flex-start">
        <Group gap="xs">
          <StateBadge state={state} />
          <Code>{code}</Code>
          <Text size="sm" component="span">
            {t('overview.causeAt', {
              count: images,
              where: target === undefined ? (host ?? t('overview.source')) : target,
            })}
          </Text>
        </Group>
        <Group gap="xs">
          <ButtonLink size="xs" variant="default" to="/images" search={filter}>
            {t('overview.showImages')}
          </ButtonLink>
          {isOperator && (
            <Button size="xs" variant="light" onClick={() => action.open({ action: 'retry', filter })}>
              {t('overview.retryAll', { count: images })}
            </Button>
          )}
        </Group>
      </Group>
      <Text size="sm" component="div" className="breaking">
        <FaultText code={code} reason={reason} />
      </Text>
      {isNarrow ? <CureToggle code={code} isOpen={false} /> : <Cure code={code} />}
      {first !== undefined && (
        <Text size="sm" c="dimmed" component="div" className="breaking">
          {sample.map((image, index) => (
            <span key={image}>
              {index > 0 && ', '}
              <TextLink to="/image" search={{ reference: image }} size="sm">
                <ReferenceText text={image} />
              </TextLink>
            </span>
          ))}
          {images > sample.length && ` ${t('overview.andOthers', { count: images - sample.length })}`}
        </Text>
      )}
      {action.dialog}
    </Stack>
  );
}

function keyOf({ state, code, target, host }: Cause): string {
  return [state, code, target, host].join(' ');
}
