import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Target } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';
import { Moment } from '../../parts/moment.js';

/** What was learned about the uploads to a target, as `ferry doctor` says it. */
export function LearnedUploads({ target: { uploads, learnedAt } }: { readonly target: Target }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  if (uploads === undefined) return null;
  const { afterBreak, takesChunks, leastChunkBytes, mostBodyBytes, bytesBetweenBreaks, lineHolds } = uploads;
  const sentences = [
    t(`targets.uploads.${afterBreak ?? 'unknown'}`),
    takesChunks === false && t('targets.uploads.wholeBlobs'),
    leastChunkBytes !== undefined && t('targets.uploads.leastChunk', { size: bytes(leastChunkBytes) }),
    mostBodyBytes !== undefined && t('targets.uploads.mostBody', { size: bytes(mostBodyBytes) }),
    lineHolds === true && t('targets.uploads.holds'),
    bytesBetweenBreaks !== undefined && t('targets.uploads.breaks', { size: bytes(bytesBetweenBreaks) }),
  ].filter((sentence) => sentence !== false);
  return (
    <div>
      <Text size="sm" fw={600}>
        {t('targets.learned')}
      </Text>
      <Stack gap={2} component="ul" className="plain-list">
        {sentences.map((sentence) => (
          <Text key={sentence} size="sm" component="li">
            {sentence}
          </Text>
        ))}
      </Stack>
      {learnedAt !== undefined && (
        <Text size="xs" c="dimmed">
          <Moment at={learnedAt} />
        </Text>
      )}
    </div>
  );
}
