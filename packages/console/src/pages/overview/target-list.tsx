import { Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Overview } from '../../api/types.js';
import { Badge } from '../../parts/badge.js';
import { Empty } from '../../parts/empty.js';
import { useFormats } from '../../parts/formats.js';
import { TextLink } from '../../parts/links.js';
import { MarkedText } from '../../parts/marked-text.js';

type Target = Overview['targets'][number];

export function TargetList({ targets }: Pick<Overview, 'targets'>) {
  const { t } = useTranslation();
  if (targets.length === 0) {
    return (
      <Paper withBorder>
        <Empty icon="targets" title={t('overview.noTargets')}>
          <MarkedText text={t('overview.noTargetsHint')} />
        </Empty>
      </Paper>
    );
  }
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} component="section" aria-label={t('places.targets')}>
      {targets.map((target) => (
        <TargetCard key={target.target} target={target} />
      ))}
    </SimpleGrid>
  );
}

function TargetCard({
  target: { target, registry, copies, missing, isReachable, fault },
}: {
  readonly target: Target;
}) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const there = (copies.pushed ?? 0) + (copies.adopted ?? 0);
  return (
    <Paper withBorder p="md">
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4" className="breaking">
            {target}
          </Title>
          <Reachable isReachable={isReachable} />
        </Group>
        <Text size="sm" c="dimmed" className="breaking">
          {registry}
        </Text>
        {fault !== undefined && (
          <Text size="sm" className="blocked-text breaking">
            {fault}
          </Text>
        )}
        <Group gap="lg">
          <TextLink to="/images" search={{ target, state: 'pushed' }} size="sm">
            {t('overview.there', { count: there, number: number(there) })}
          </TextLink>
          <TextLink to="/images" search={{ target, state: 'missing' }} size="sm">
            {t('overview.missing', { count: missing, number: number(missing) })}
          </TextLink>
        </Group>
      </Stack>
    </Paper>
  );
}

function Reachable({ isReachable }: { readonly isReachable?: boolean | undefined }) {
  const { t } = useTranslation();
  if (isReachable === undefined) {
    return <Badge color="gray">{t('overview.unchecked')}</Badge>;
  }
  return (
    <Badge color={isReachable ? 'green' : 'red'}>
      {isReachable ? t('overview.reachable') : t('overview.unreachable')}
    </Badge>
  );
}
