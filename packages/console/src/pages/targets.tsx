import { Alert, Button, Code, Group, Progress, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { useImageAction } from '../actions/image-action.js';
import { checkTarget } from '../api/calls.js';
import { targetsQuery } from '../api/queries.js';
import type { Target } from '../api/types.js';
import { Cure } from '../parts/cure.js';
import { Empty } from '../parts/empty.js';
import { Facts } from '../parts/facts.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { FaultText } from '../parts/fault-text.js';
import { useFormats } from '../parts/formats.js';
import { Icon } from '../parts/icons.js';
import { MarkedText } from '../parts/marked-text.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { Cell, PlainTable, Row } from '../parts/plain-table.js';
import { QueryView } from '../parts/query-view.js';
import { ReferenceText } from '../parts/reference-text.js';
import { Section } from '../parts/section.js';
import { useIsOperator } from '../shell/session-gate.js';
import { LastAudit } from './targets/last-audit.js';
import { LearnedUploads } from './targets/learned-uploads.js';

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
      <LearnedUploads target={target} />
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
  const { ok, isWarning, checkedAt } = finding;
  return (
    <Alert color={colorOf(ok, isWarning)} icon={<Icon name={ok && !isWarning ? 'check' : 'warning'} />} p="xs">
      <Text size="sm" component="div" className="breaking fault-lines">
        <FindingText finding={finding} />
      </Text>
      <Text size="xs">
        <Moment at={checkedAt} />
      </Text>
    </Alert>
  );
}

/** What the check found in the reader's language; of a fault also the server's words, which have the details. */
function FindingText({ finding: { ok, code, facts, message } }: { readonly finding: NonNullable<Target['finding']> }) {
  const { t } = useTranslation();
  if (!ok) {
    return (
      <>
        <FaultText code={code} reason={message} />
        {code !== undefined && <Cure code={code} />}
      </>
    );
  }
  const host = facts?.['host'] ?? '';
  if (code === 'accepts-uploads' || code === 'only-by-docker') return t(`targets.findings.${code}`, { host });
  if (code !== 'unused-credentials') return message;
  return (
    <>
      {t('targets.findings.unused-credentials', { host })}
      <span className="original" lang="en">
        {message}
      </span>
    </>
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
          <Row key={image}>
            <Cell isBreaking>
              <ReferenceText text={image} />
            </Cell>
            <Cell isBreaking>
              {reference === undefined ? (
                fault
              ) : (
                <Code>
                  <ReferenceText text={reference} />
                </Code>
              )}
            </Cell>
          </Row>
        ))}
      </PlainTable>
    </Stack>
  );
}
