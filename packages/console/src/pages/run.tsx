import { Code } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { runQuery } from '../api/queries.js';
import type { RunDetails } from '../api/types.js';
import { Facts } from '../parts/facts.js';
import { useFormats } from '../parts/formats.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { PlainTable } from '../parts/plain-table.js';
import { QueryView } from '../parts/query-view.js';
import { RunCounts } from '../parts/run-counts.js';
import { Section } from '../parts/section.js';
import { StateBadge } from '../parts/state-badge.js';

export function RunPage() {
  const { t } = useTranslation();
  const { run } = useParams({ from: '/runs/$run' });
  const details = useQuery(runQuery(run));
  return (
    <Page title={t('runs.one')} description={run}>
      <QueryView query={details}>{(data) => <RunSections details={data} />}</QueryView>
    </Page>
  );
}

function RunSections({ details }: { readonly details: RunDetails }) {
  const { t } = useTranslation();
  const { bytes, duration } = useFormats();
  const { startedAt, finishedAt, reasons, images, bytesRead, bytesSent, notDone } = details;
  return (
    <>
      <Section title={t('runs.result')}>
        <RunCounts images={images} />
        <Facts
          facts={[
            [t('runs.started'), <Moment key="start" at={startedAt} form="time" />],
            [t('runs.took'), finishedAt === undefined ? t('runs.running') : duration(finishedAt - startedAt)],
            [t('runs.read'), bytes(bytesRead)],
            [t('runs.sent'), bytes(bytesSent)],
            [t('runs.reasons'), reasons.join(t('common.comma'))],
          ]}
        />
      </Section>
      {notDone.length > 0 && (
        <Section title={t('runs.notDone')}>
          <PlainTable heads={[t('images.image'), t('images.target'), t('images.state'), t('runs.why')]}>
            {notDone.map(({ image, target, state, code, reason }) => (
              <tr key={`${image} ${target}`}>
                <td className="breaking">
                  <TextLink to="/image" search={{ reference: image }} size="sm">
                    {image}
                  </TextLink>
                </td>
                <td>{target}</td>
                <td>
                  <StateBadge state={state} />
                </td>
                <td className="breaking">
                  <Code>{code}</Code> {reason}
                </td>
              </tr>
            ))}
          </PlainTable>
        </Section>
      )}
    </>
  );
}
