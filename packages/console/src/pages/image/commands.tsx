import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { cliLines } from '../../actions/cli-lines.js';
import type { ImageDetails } from '../../api/types.js';
import { CommandLine } from '../../parts/command-line.js';
import { Section } from '../../parts/section.js';

/** Lines to copy: pulls from each target that has the image, and the commands of the actions. */
export function Commands({ details: { image, copies, rows } }: { readonly details: ImageDetails }) {
  const { t } = useTranslation();
  const there = copies.filter(({ state }) => state === 'pushed' || state === 'adopted');
  const actions = (['retry', 'remove'] as const).flatMap((action) => cliLines({ action, images: [image] }));
  return (
    <Section title={t('image.commands')}>
      <Stack gap="xs">
        {there.flatMap(({ target, reference, digest }) =>
          reference === undefined ? (
            []
          ) : (
            <div key={target}>
              <Text size="xs" c="dimmed">
                {t('image.pullFrom', { target })}
              </Text>
              <CommandLine text={`docker pull ${reference}`} />
              {digest !== undefined && (
                <CommandLine text={`docker pull ${reference.replace(/:[^:/]*$/, '')}@${digest}`} />
              )}
            </div>
          ),
        )}
        <div>
          <Text size="xs" c="dimmed">
            {t('image.cli')}
          </Text>
          <CommandLine text={`ferry status ${image}`} />
          {rows.length > 0 && actions.map((line) => <CommandLine key={line} text={line} />)}
          {rows.length === 0 && <CommandLine text={`ferry add ${image}`} />}
        </div>
      </Stack>
    </Section>
  );
}
