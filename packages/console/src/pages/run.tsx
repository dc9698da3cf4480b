import { Code } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { runQuery } from '../api/queries.js';
import type { RunDetails } from '../api/types.js';
import { CopyButton } from '../parts/copy-button.js';
import { Facts } from '../parts/facts.js';
import { FaultText } from '../parts/fault-text.js';
import { useFormats } from '../parts/formats.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { Cell, PlainTable, Row } from '../parts/plain-table.js';
import { QueryView } from '../parts/query-view.js';
import { ReferenceText } from '../parts/reference-text.js';
import { causesOf } from '../parts/run-causes.js';
import { RunCounts } from '../parts/run-counts.js';
import { Section } from '../parts/section.js';
import { StateBadge } from '../parts/state-badge.js';

export function RunPage() {
  const { t } = useTranslation();
  const { run } = useParams({ from: '/runs/$run' });
  const details = useQuery(runQuery(run));
  return (
    <Page
      title={t('runs.one')}
      description={
        <>
          {t('runs.id')} <Code>{run}</Code> <CopyButton text={run} />
        </>
      }
    >
      <QueryView query={details}>{(data) => <RunSections details={data} />}</QueryView>
    </Page>
  );
}

function RunSections({ details }: { readonly details: RunDetails }) {
  const { t } = useTranslation();
  const { bytes, duration } = useFormats();
  const { startedAt, finishedAt, images, bytesRead, bytesSent, notDone } = details;
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
            [t('runs.reasons'), causesOf(details, t)],
          ]}
        />
      </Section>
      {notDone.length > 0 && (
        <Section title={t('runs.notDone')}>
          <PlainTable heads={[t('images.image'), t('images.target'), t('images.state'), t('runs.why')]}>
            {notDone.map(({ image, target, state, code, reason }) => (
              <Row key={`${image} ${target}`}>
                <Cell isBreaking>
                  <TextLink to="/image" search={{ reference: image }} size="sm">
                    <ReferenceText text={image} />
                  </TextLink>
                </Cell>
                <Cell>{target}</Cell>
                <Cell>
                  <StateBadge state={state} />
                </Cell>
                <Cell isBreaking>
                  <Code>{code}</Code> <FaultText code={code} reason={reason} />
                </Cell>
              </Row>
            ))}
          </PlainTable>
        </Section>
      )}
    </>
  );
}
