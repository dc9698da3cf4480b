import { Alert, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { AddedImages } from '../../api/calls.js';
import { Badge } from '../../parts/badge.js';
import { FaultText } from '../../parts/fault-text.js';
import { Icon } from '../../parts/icons.js';
import { TextLink } from '../../parts/links.js';
import { ReferenceText } from '../../parts/reference-text.js';
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
        {added.images.map(({ asked, image, platform, outcome, code, reason }) => (
          <Group key={`${asked} ${platform ?? ''}`} gap="xs">
            <Badge color={colors[outcome]}>{t(`add.outcome.${outcome}`)}</Badge>
            {image === undefined ? (
              <Text size="sm" className="breaking">
                <ReferenceText text={asked} />
              </Text>
            ) : (
              <TextLink to="/image" search={{ reference: image }} size="sm" className="breaking">
                <ReferenceText text={image} />
              </TextLink>
            )}
            <Text size="xs" c="dimmed">
              {platform}
            </Text>
            {reason !== undefined && (
              <Text size="sm" component="div" className="breaking">
                <FaultText code={code} reason={reason} />
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
