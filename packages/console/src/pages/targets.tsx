import { Alert, Button, Code, Group, Progress, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { useImageAction } from '../actions/image-action.js';
import { checkTarget } from '../api/calls.js';
import { targetsQuery } from '../api/queries.js';
import type { Target } from '../api/types.js';
import { Empty } from '../parts/empty.js';
import { Facts } from '../parts/facts.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { useFormats } from '../parts/formats.js';
import { Icon } from '../parts/icons.js';
import { MarkedText } from '../parts/marked-text.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { PlainTable } from '../parts/plain-table.js';
import { QueryView } from '../parts/query-view.js';
import { Section } from '../parts/section.js';
import { useIsOperator } from '../shell/session-gate.js';
import { Capabilities } from './targets/capabilities.js';
import { LastAudit } from './targets/last-audit.js';

export function TargetsPage() {
  const { t } = useTranslation();
  const targets = useQuery(targetsQuery);
  return (
    <Page title={t('places.targets')} description={t('targets.description')}>
      <QueryView query={targets}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="targets" title={t('overview.noTargets')}>
              <MarkedText text={t('overview.noTargetsHint')} />
            </Empty>
          ) : (
            <>
              {items.map((target) => (
                <TargetSection key={target.name} target={target} />
              ))}
              <LastAudit />
            </>
          )
        }
      </QueryView>
    </Page>
  );
}

function TargetSection({ target }: { readonly target: Target }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { name, registry, namespace, naming, manifestPolicy, referrers, engine, names, copies, missing } = target;
  const there = (copies.pushed ?? 0) + (copies.adopted ?? 0);
  return (
    <Section title={name} aside={<TargetButtons target={target} />}>
      <FindingNotice target={target} />
      <Facts
        facts={[
          [
            t('targets.registry'),
            <span key="registry" className="breaking">
              {registry}
            </span>,
          ],
          namespace !== '' && [t('targets.namespace'), namespace],
          [t('targets.naming'), t(`targets.namings.${naming}`)],
          [t('targets.manifestPolicy'), t(`targets.policies.${manifestPolicy}`)],
          [t('targets.referrers'), referrers ? t('common.yes') : t('common.no')],
          [t('targets.engine'), t(`targets.engines.${engine}`)],
          [t('targets.there'), number(there)],
          [t('targets.missing'), number(missing)],
        ]}
      />
      <Quota target={target} />
      <Examples target={target} />
      {names.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t('targets.setByHand')}
          </Text>
          {names.map(({ source, repository }) => (
            <Text key={source} size="sm" className="breaking">
              {source} → {repository}
            </Text>
          ))}
        </div>
      )}
      <Capabilities target={target} />
    </Section>
  );
}

function TargetButtons({ target: { name, missing } }: { readonly target: Target }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const action = useImageAction();
  const check = useMutation({ mutationFn: async () => await checkTarget(name) });
  if (!isOperator) return null;
  return (
    <Group gap="xs">
      {missing > 0 && (
        <Button
          size="xs"
          variant="default"
          onClick={() => action.open({ action: 'backfill', target: name, filter: {} })}
        >
          {t('action.backfill.verb')}
        </Button>
      )}
      <Button size="xs" variant="light" loading={check.isPending} onClick={() => check.mutate()}>
        {t('targets.check')}
      </Button>
      {check.error !== null && <FaultNotice error={check.error} />}
      {action.dialog}
    </Group>
  );
}

function FindingNotice({ target: { finding } }: { readonly target: Target }) {
  const { t } = useTranslation();
  if (finding === undefined) {
    return (
      <Text size="sm" c="dimmed">
        {t('targets.unchecked')}
      </Text>
    );
  }
  const { ok, isWarning, message, checkedAt } = finding;
  return (
    <Alert color={colorOf(ok, isWarning)} icon={<Icon name={ok && !isWarning ? 'check' : 'warning'} />} p="xs">
      <Text size="sm" className="breaking">
        {message}
      </Text>
      <Text size="xs">
        <Moment at={checkedAt} />
      </Text>
    </Alert>
  );
}

function colorOf(isOk: boolean, isWarning: boolean): string {
  if (!isOk) return 'red';
  return isWarning ? 'yellow' : 'green';
}

/** Repositories and namespaces against limits that are known. */
function Quota({ target: { repositories, namespaces, quota } }: { readonly target: Target }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  if (quota === undefined) {
    return <Text size="sm">{t('targets.repositories', { count: repositories, number: number(repositories) })}</Text>;
  }
  const { edition } = quota;
  return (
    <Stack gap={4} data-quota>
      <Text size="sm" fw={600}>
        {t('targets.quota', { edition })}
      </Text>
      {quota.repositories !== undefined && (
        <Share
          text={t('targets.ofRepositories', { number: number(repositories), quota: number(quota.repositories) })}
          used={repositories}
          quota={quota.repositories}
        />
      )}
      {quota.namespaces !== undefined && (
        <Share
          text={t('targets.ofNamespaces', { number: number(namespaces), quota: number(quota.namespaces) })}
          used={namespaces}
          quota={quota.namespaces}
        />
      )}
      <Text size="xs" c="dimmed">
        {t('targets.quotaHint')}
      </Text>
    </Stack>
  );
}

function Share({ text, used, quota }: { readonly text: string; readonly used: number; readonly quota: number }) {
  const share = (used / quota) * 100;
  return (
    <div>
      <Text size="sm">{text}</Text>
      <Progress value={Math.min(100, share)} color={share >= 90 ? 'red' : 'blue'} aria-label={text} />
    </div>
  );
}

function Examples({ target: { examples } }: { readonly target: Target }) {
  const { t } = useTranslation();
  if (examples.length === 0) return null;
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {t('targets.examples')}
      </Text>
      <PlainTable heads={[t('images.image'), t('targets.nameThere')]}>
        {examples.map(({ image, reference, fault }) => (
          <tr key={image}>
            <td className="breaking">{image}</td>
            <td className="breaking">{reference === undefined ? fault : <Code>{reference}</Code>}</td>
          </tr>
        ))}
      </PlainTable>
    </Stack>
  );
}
