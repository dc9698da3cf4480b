import { Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ParsedText } from '../../api/types.js';
import { FaultText } from '../../parts/fault-text.js';
import { Icon } from '../../parts/icons.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { Section } from '../../parts/section.js';
import { StateBadge } from '../../parts/state-badge.js';

interface UnderstoodProps {
  readonly parsed: ParsedText;
  /** Chosen targets. */
  readonly targets: readonly string[];
}

/** What was understood of the text, line by line. */
export function Understood({ parsed: { lines, images, refused }, targets }: UnderstoodProps) {
  const { t } = useTranslation();
  const told = lines.filter((line) => line.images.length > 0 || line.refused !== undefined);
  return (
    <Section
      title={t('add.understood')}
      aside={
        <Text size="sm" c="dimmed" aria-live="polite">
          {t('add.sum', { count: images, refused })}
        </Text>
      }
    >
      {told.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('add.nothing')}
        </Text>
      )}
      <ol className="lines">
        {told.map(({ line, text, service, images: found, refused: reason, codes }) => (
          <li key={line} data-refused={reason !== undefined || undefined}>
            <Group gap="xs" wrap="nowrap" align="flex-start">
              <Text size="xs" c="dimmed" component="span" className="line-number">
                {line}
              </Text>
              <Stack gap={4} className="growing">
                <Code className="breaking">{text.trim()}</Code>
                {service !== undefined && (
                  <Text size="xs" c="dimmed">
                    {t('origin.service', { service })}
                  </Text>
                )}
                {reason !== undefined && (
                  <Text size="sm" component="div" className="blocked-text breaking">
                    <Icon name="close" size={14} /> <FaultText code={codes?.[0]} reason={reason} />
                  </Text>
                )}
                {found.map((image) => (
                  <FoundImage key={image.image} found={image} targets={targets} />
                ))}
              </Stack>
            </Group>
          </li>
        ))}
      </ol>
    </Section>
  );
}

interface FoundImageProps {
  readonly found: ParsedText['lines'][number]['images'][number];
  readonly targets: readonly string[];
}

function FoundImage({ found: { image, platforms, wanted, names }, targets }: FoundImageProps) {
  const { t } = useTranslation();
  return (
    <div>
      <Group gap="xs">
        <Text size="sm" fw={600} className="breaking">
          <ReferenceText text={image} />
        </Text>
        <Text size="xs" c="dimmed">
          {platforms.join(', ')}
        </Text>
        {wanted === undefined ? (
          <Text size="xs" c="dimmed">
            {t('add.new')}
          </Text>
        ) : (
          <StateBadge state={wanted} />
        )}
      </Group>
      {names
        .filter(({ target }) => targets.includes(target))
        .map(({ target, reference, fault }) => (
          <Text key={target} size="xs" component="div" className="breaking">
            → {target}: {reference === undefined ? fault : <ReferenceText text={reference} />}
          </Text>
        ))}
    </div>
  );
}
