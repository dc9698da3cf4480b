import { Code, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { isBeingRecorded } from '../api/being-recorded.js';
import { requestQuery } from '../api/queries.js';
import type { RequestDetails } from '../api/types.js';
import { CopyButton } from '../parts/copy-button.js';
import { Facts } from '../parts/facts.js';
import { FaultText } from '../parts/fault-text.js';
import { TextLink } from '../parts/links.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { Cell, PlainTable, Row } from '../parts/plain-table.js';
import { QueryView } from '../parts/query-view.js';
import { ReferenceText } from '../parts/reference-text.js';
import { Section } from '../parts/section.js';
import { OutcomeBadge } from './requests/outcome-badge.js';
import { RequestReason } from './requests/request-reason.js';

export function RequestPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/requests/$id' });
  const details = useQuery(requestQuery(id));
  return (
    <Page
      title={t('request.one')}
      description={
        <>
          {t('request.id')} <Code>{id}</Code> <CopyButton text={id} />
        </>
      }
    >
      <QueryView query={details}>{(data) => <RequestSections details={data} />}</QueryView>
    </Page>
  );
}

function RequestSections({ details }: { readonly details: RequestDetails }) {
  const { t } = useTranslation();
  const { at, kind, method, route, status, outcome, event, repository, delivery, who, reason, images } = details;
  return (
    <>
      <Section title={t('requests.outcome')} aside={<OutcomeBadge outcome={outcome} />}>
        {(outcome !== 'accepted' || reason !== undefined) && (
          <Text size="sm" component="div" className="breaking">
            <RequestReason outcome={outcome} status={status} reason={reason} />
          </Text>
        )}
        <Facts
          facts={[
            [t('image.when'), <Moment key="at" at={at} form="time" />],
            [t('requests.kind'), t(`requests.kinds.${kind}`)],
            [t('requests.what'), <Code key="route">{`${method} ${route}`}</Code>],
            [t('request.status'), String(status)],
            who !== undefined && [t('requests.who'), who],
            event !== undefined && [t('request.event'), event],
            repository !== undefined && [t('request.repository'), repository],
            delivery !== undefined && [t('request.delivery'), <Code key="delivery">{delivery}</Code>],
          ]}
        />
      </Section>
      <Section title={t('request.images')}>
        {images === undefined ? (
          <Text size="sm" c="dimmed">
            {isBeingRecorded(details, Date.now()) ? t('request.working') : t('request.noImages')}
          </Text>
        ) : (
          <PlainTable heads={[t('request.asked'), t('image.platform'), t('request.became'), t('runs.why')]}>
            {images.map(({ asked, image, platform, outcome: became, code, reason: why }) => (
              <Row key={`${asked} ${platform ?? ''}`}>
                <Cell isBreaking>
                  {image === undefined ? (
                    <ReferenceText text={asked} />
                  ) : (
                    <TextLink to="/image" search={{ reference: image }} size="sm">
                      <ReferenceText text={image} />
                    </TextLink>
                  )}
                </Cell>
                <Cell>{platform}</Cell>
                <Cell>{t(`add.outcome.${became}`)}</Cell>
                <Cell isBreaking>
                  <FaultText code={code} reason={why} />
                </Cell>
              </Row>
            ))}
          </PlainTable>
        )}
      </Section>
    </>
  );
}
