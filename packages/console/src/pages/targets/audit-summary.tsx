import { Alert, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Audit } from '../../api/types.js';
import { Facts } from '../../parts/facts.js';
import { useFormats } from '../../parts/formats.js';
import { Icon } from '../../parts/icons.js';
import { Moment } from '../../parts/moment.js';
import { Cell, PlainTable, Row } from '../../parts/plain-table.js';
import { Reason } from '../../parts/reason.js';
import { useWho } from '../../parts/use-who.js';
import { AuditFindings } from './audit-findings.js';
import { copiesToHeal } from './copies-to-heal.js';

/** An audit: when, what it checked, what it found, and what it could not check. */
export function AuditSummary({ audit }: { readonly audit: Audit }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const whoOf = useWho();
  const toHeal = copiesToHeal(audit);
  const { startedAt, finishedAt, who, scope, summary, failure, findings } = audit;
  return (
    <>
      <Facts
        facts={[
          [t('audit.started'), <Moment key="started" at={startedAt} />],
          [
            t('audit.finished'),
            finishedAt === undefined ? t('audit.running') : <Moment key="finished" at={finishedAt} />,
          ],
          [t('audit.who'), whoOf(who)],
          [t('audit.scope'), scope.targets?.join(', ') ?? t('audit.allTargets')],
          [t('audit.depth'), scope.deep ? t('audit.everyCopy') : t('audit.sample')],
          toHeal > 0 && [t('audit.toHeal'), number(toHeal)],
        ]}
      />
      {failure !== undefined && (
        <Alert color="red" icon={<Icon name="warning" />} title={t('audit.failed')} p="xs">
          <Text size="sm" className="breaking">
            {failure}
          </Text>
        </Alert>
      )}
      {summary.targets.length > 0 && (
        <PlainTable
          heads={[
            t('images.target'),
            t('audit.checked'),
            t('audit.inDepth'),
            t('audit.found.lost'),
            t('audit.found.changed'),
            t('audit.found.incomplete'),
            t('audit.notChecked'),
          ]}
        >
          {summary.targets.map(({ target, checked, deep, lost, changed, incomplete, notChecked }) => (
            <Row key={target}>
              <Cell>{target}</Cell>
              {[checked, deep, lost, changed, incomplete, notChecked].map((count, column) => (
                <Cell key={column}>{number(count)}</Cell>
              ))}
            </Row>
          ))}
        </PlainTable>
      )}
      {summary.notChecked.map(({ target, code, reason, count }) => (
        <div key={`${target} ${code}`}>
          <Text size="sm" fw={600}>
            {t('audit.notCheckedOn', { target, count })}
          </Text>
          <Reason code={code} reason={reason} />
        </div>
      ))}
      <AuditFindings findings={findings} />
    </>
  );
}
