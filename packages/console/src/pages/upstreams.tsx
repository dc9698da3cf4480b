import { Anchor, Button, Group, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { checkUpstream } from '../api/calls.js';
import { apiUrl } from '../api/client.js';
import { upstreamsQuery } from '../api/queries.js';
import type { Upstream } from '../api/types.js';
import { Empty } from '../parts/empty.js';
import { Facts } from '../parts/facts.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { QueryView } from '../parts/query-view.js';
import { Section } from '../parts/section.js';
import { useIsOperator } from '../shell/session-gate.js';
import { CheckDetails } from './upstreams/check-details.js';

export function UpstreamsPage() {
  const { t } = useTranslation();
  const upstreams = useQuery(upstreamsQuery);
  return (
    <Page title={t('places.upstreams')} description={t('upstreams.description')}>
      <QueryView query={upstreams}>
        {({ items, temporalFault }) => (
          <>
            {temporalFault !== undefined && <FaultNotice error={new Error(temporalFault)} />}
            {items.length === 0 && (
              <Empty icon="upstreams" title={t('upstreams.none')}>
                {t('upstreams.noneHint')}
              </Empty>
            )}
            {items.map((upstream) => (
              <UpstreamSection key={upstream.name} upstream={upstream} />
            ))}
          </>
        )}
      </QueryView>
    </Page>
  );
}

function UpstreamSection({ upstream }: { readonly upstream: Upstream }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const { name, kind, source, schedule, release, files, handledAt, checkedAt, checks } = upstream;
  const checking = useMutation({ mutationFn: async () => await checkUpstream(name) });
  const isRunning = checks.some(({ state }) => state === 'running');
  return (
    <Section
      title={name}
      aside={
        isOperator && (
          <Group gap="xs">
            <Button
              size="xs"
              variant="light"
              loading={checking.isPending || isRunning}
              onClick={() => checking.mutate()}
            >
              {t('upstreams.check')}
            </Button>
          </Group>
        )
      }
    >
      {checking.error !== null && <FaultNotice error={checking.error} />}
      <Facts
        facts={[
          [t('upstreams.kind'), t(`upstreams.kinds.${kind}`)],
          [
            t('upstreams.source'),
            <span key="source" className="breaking">
              {source}
            </span>,
          ],
          [t('upstreams.release'), release ?? t('overview.noRelease')],
          kind === 'compose' &&
            files.length > 0 && [
              t('upstreams.composeFile'),
              <Group key="files" gap="sm">
                {files.map((target) => (
                  <Anchor key={target} size="sm" target="_blank" rel="noreferrer" href={composeUrl(name, target)}>
                    {t('upstreams.composeFor', { target })}
                  </Anchor>
                ))}
              </Group>,
            ],
          handledAt !== undefined && [t('upstreams.handled'), <Moment key="handled" at={handledAt} />],
          checkedAt !== undefined && [t('upstreams.checked'), <Moment key="checked" at={checkedAt} />],
          [t('upstreams.schedule'), schedule ?? t('upstreams.noSchedule')],
        ]}
      />
      {checks.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('upstreams.noChecks')}
        </Text>
      ) : (
        checks.map((check, index) => <CheckDetails key={check.id} check={check} isOpen={index === 0} />)
      )}
    </Section>
  );
}

/** The compose file of the last handled release, with the names of a target. */
function composeUrl(upstream: string, target: string): string {
  return apiUrl(`upstreams/${encodeURIComponent(upstream)}/releases/latest/compose`, { target });
}
