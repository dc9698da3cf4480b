import { Alert, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { overviewQuery } from '../api/queries.js';
import type { Overview } from '../api/types.js';
import { Icon } from '../parts/icons.js';
import { ButtonLink } from '../parts/links.js';
import { Page } from '../parts/page.js';
import { QueryView } from '../parts/query-view.js';
import { useIsOperator } from '../shell/session-gate.js';
import { AllowanceList } from './overview/allowance-list.js';
import { CauseList } from './overview/cause-list.js';
import { ChangeFeed } from './overview/change-feed.js';
import { CurrentRun } from './overview/current-run.js';
import { ReleaseList } from './overview/release-list.js';
import { StateCounts } from './overview/state-counts.js';
import { TargetList } from './overview/target-list.js';
import { Throughput } from './overview/throughput.js';
import { UpcomingSchedules } from './overview/upcoming-schedules.js';

export function OverviewPage() {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const overview = useQuery(overviewQuery);
  return (
    <Page
      title={t('places.overview')}
      actions={
        isOperator && (
          <ButtonLink to="/add" leftSection={<Icon name="add" size={16} />}>
            {t('overview.add')}
          </ButtonLink>
        )
      }
    >
      <QueryView query={overview}>{(data) => <OverviewSections overview={data} />}</QueryView>
    </Page>
  );
}

function OverviewSections({ overview }: { readonly overview: Overview }) {
  const { causes, counts, targets, progress, allowances, schedules, releases, pushedOverTime } = overview;
  return (
    <Stack>
      <Notices overview={overview} />
      <StateCounts counts={counts} />
      <CauseList causes={causes} />
      <CurrentRun progress={progress} />
      <TargetList targets={targets} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Throughput hours={pushedOverTime} />
        <ChangeFeed />
        <ReleaseList releases={releases} />
        <UpcomingSchedules schedules={schedules} />
        {allowances.length > 0 && <AllowanceList allowances={allowances} />}
      </SimpleGrid>
    </Stack>
  );
}

/** What concerns everything. */
function Notices({ overview: { temporalFault, unserved = [], unread = 0, unverified = 0 } }: OverviewProps) {
  const { t } = useTranslation();
  return (
    <>
      {temporalFault !== undefined && (
        <Alert color="red" icon={<Icon name="warning" />} title={t('overview.temporalFault')} role="alert">
          {temporalFault}
        </Alert>
      )}
      {unserved.length > 0 && (
        <Alert color="red" icon={<Icon name="warning" />} title={t('overview.unserved')} role="alert">
          {t('overview.unservedHint', { queues: unserved.join(', ') })}
        </Alert>
      )}
      {unread > 0 && (
        <Alert color="blue" icon={<Icon name="info" />}>
          {t('overview.unread', { count: unread })}
        </Alert>
      )}
      {unverified > 0 && (
        <Alert color="blue" icon={<Icon name="info" />}>
          {t('overview.unverified', { count: unverified })}
        </Alert>
      )}
    </>
  );
}

interface OverviewProps {
  readonly overview: Overview;
}
