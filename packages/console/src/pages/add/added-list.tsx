import { Alert, Badge, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { AddedImages } from '../../api/calls.js';
import { Icon } from '../../parts/icons.js';
import { TextLink } from '../../parts/links.js';
import { Section } from '../../parts/section.js';

const colors = { added: 'green', renewed: 'green', 'already-pending': 'blue', refused: 'red' } as const;

/** What became of each image. */
export function AddedList({ added }: { readonly added: AddedImages }) {
  const { t } = useTranslation();
  if (!('images' in added)) {
    return (
      <Alert color="yellow" icon={<Icon name="warning" />} title={t('add.accepted')} role="status">
        {t('add.acceptedHint')}
      </Alert>
    );
  }
  return (
    <Section title={t('add.result')}>
      <Stack gap="xs" role="status">
        {added.images.map(({ asked, image, platform, outcome, reason }) => (
          <Group key={`${asked} ${platform ?? ''}`} gap="xs">
            <Badge color={colors[outcome]} variant="light">
              {t(`add.outcome.${outcome}`)}
            </Badge>
            {image === undefined ? (
              <Text size="sm" className="breaking">
                {asked}
              </Text>
            ) : (
              <TextLink to="/image" search={{ reference: image }} size="sm" className="breaking">
                {image}
              </TextLink>
            )}
            <Text size="xs" c="dimmed">
              {platform}
            </Text>
            {reason !== undefined && (
              <Text size="sm" className="breaking">
                {reason}
              </Text>
            )}
          </Group>
        ))}
      </Stack>
      <Group>
        <TextLink to="/" size="sm">
          {t('add.watch')}
        </TextLink>
      </Group>
    </Section>
  );
}
