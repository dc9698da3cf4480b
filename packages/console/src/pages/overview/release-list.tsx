import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Overview } from '../../api/types.js';
import { Badge } from '../../parts/badge.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/section.js';

/** The newest release of each upstream, and whether its images are on every target. */
export function ReleaseList({ releases }: Pick<Overview, 'releases'>) {
  const { t } = useTranslation();
  return (
    <Section
      title={t('overview.releases')}
      aside={
        <TextLink to="/upstreams" size="sm">
          {t('overview.allUpstreams')}
        </TextLink>
      }
    >
      {releases.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('overview.noReleases')}
        </Text>
      ) : (
        <Stack gap="xs" component="ul" className="plain-list">
          {releases.map(({ upstream, release, handledAt, images, targets }) => (
            <Stack key={upstream} component="li" gap={4}>
              <Group gap="xs" justify="space-between">
                <Text size="sm" component="span" className="breaking">
                  <b>{upstream}</b> {release ?? t('overview.noRelease')}
                </Text>
                {handledAt !== undefined && (
                  <Text size="xs" c="dimmed" component="span">
                    <Moment at={handledAt} />
                  </Text>
                )}
              </Group>
              {release !== undefined && (
                <Group gap="xs">
                  {targets.map(({ target, pushed }) => (
                    <Badge key={target} color={pushed >= images ? 'green' : 'yellow'}>
                      {t('overview.onTarget', { target, pushed, images })}
                    </Badge>
                  ))}
                </Group>
              )}
            </Stack>
          ))}
        </Stack>
      )}
    </Section>
  );
}
