import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { requestAudit } from '../../api/calls.js';
import { lastAuditQuery } from '../../api/queries.js';
import type { Audit } from '../../api/types.js';
import { CommandLine } from '../../parts/command-line.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { Icon } from '../../parts/icons.js';
import { QueryView } from '../../parts/query-view.js';
import { Section } from '../../parts/section.js';
import { useIsOperator } from '../../shell/session-gate.js';
import { AuditSummary } from './audit-summary.js';

/** What the last audit of the copies found. */
export function LastAudit() {
  const { t } = useTranslation();
  const audits = useQuery(lastAuditQuery);
  return (
    <Section title={t('audit.last')} aside={<AuditButtons />}>
      <QueryView query={audits}>{({ items }) => <FirstOf items={items} />}</QueryView>
    </Section>
  );
}

function FirstOf({ items: [audit] }: { readonly items: readonly Audit[] }) {
  const { t } = useTranslation();
  if (audit !== undefined) return <AuditSummary audit={audit} />;
  return (
    <Text size="sm" c="dimmed">
      {t('audit.none')}
    </Text>
  );
}

function AuditButtons() {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const audit = useMutation({ mutationFn: requestAudit });
  if (!isOperator) return null;
  return (
    <Stack gap="xs" align="flex-end">
      <Group gap="xs">
        <CommandLine text="ferry audit" />
        <Button
          size="xs"
          variant="light"
          loading={audit.isPending && audit.variables === false}
          onClick={() => audit.mutate(false)}
        >
          {t('audit.now')}
        </Button>
        <Button
          size="xs"
          variant="default"
          loading={audit.isPending && audit.variables === true}
          onClick={() => audit.mutate(true)}
        >
          {t('audit.nowDeep')}
        </Button>
      </Group>
      {audit.isSuccess && (
        <Alert color="blue" icon={<Icon name="info" />} p="xs">
          {t('audit.requested')}
        </Alert>
      )}
      {audit.error !== null && <FaultNotice error={audit.error} />}
    </Stack>
  );
}
