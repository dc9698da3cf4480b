import { Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { useImageAction } from '../../actions/image-action.js';
import { keys } from '../../api/keys.js';
import { imageQuery } from '../../api/queries.js';
import type { ImageDetails, Progress } from '../../api/types.js';
import { CopyButton } from '../../parts/copy-button.js';
import { Empty } from '../../parts/empty.js';
import { Page } from '../../parts/page.js';
import { QueryView } from '../../parts/query-view.js';
import { Section } from '../../parts/section.js';
import { useIsOperator } from '../../shell/session-gate.js';
import { TransferCard } from '../overview/transfer-card.js';
import { Commands } from './commands.js';
import { PlatformRows } from './platform-rows.js';
import { ReplacedTags } from './replaced-tags.js';
import { TargetCopies } from './target-copies.js';
import { Timeline } from './timeline.js';

export function ImagePage() {
  const { t } = useTranslation();
  const { reference } = useSearch({ from: '/image' });
  const details = useQuery(imageQuery(reference));
  const image = details.data?.image ?? reference;
  return (
    <Page
      title={image}
      description={
        <>
          {t('image.one')} <CopyButton text={image} />
        </>
      }
      actions={<ImageActions image={image} details={details.data} />}
    >
      <QueryView query={details}>{(data) => <ImageSections details={data} />}</QueryView>
    </Page>
  );
}

function ImageSections({ details }: { readonly details: ImageDetails }) {
  const { t } = useTranslation();
  const { image, rows, copies, pushed, events, names, replaced } = details;
  const { data: progress } = useQuery<Progress | null>({ queryKey: keys.progress, enabled: false, initialData: null });
  const transfer = progress?.transfers.find((one) => one.image === image);
  if (rows.length === 0 && pushed.length === 0) {
    return (
      <Empty icon="images" title={t('image.never')}>
        {t('image.neverHint')}
      </Empty>
    );
  }
  return (
    <Stack>
      {transfer !== undefined && (
        <Section title={t('image.inFlight')}>
          <TransferCard transfer={transfer} hasLink={false} />
        </Section>
      )}
      <PlatformRows rows={rows} />
      <TargetCopies rows={rows} copies={copies} pushed={pushed} names={names} replaced={replaced} />
      <ReplacedTags replaced={replaced} />
      <Commands details={details} />
      <Section title={t('image.timeline')}>
        {events.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('image.noEvents')}
          </Text>
        ) : (
          <Timeline events={events} rows={rows} />
        )}
      </Section>
    </Stack>
  );
}

function ImageActions({ image, details }: { readonly image: string; readonly details: ImageDetails | undefined }) {
  const { t } = useTranslation();
  const isOperator = useIsOperator();
  const action = useImageAction();
  if (!isOperator || details === undefined || details.rows.length === 0) return null;
  // Refused for what is pushed or withdrawn.
  const canRetry = details.rows.some(({ state }) => state !== 'pushed' && state !== 'withdrawn');
  const names = canRetry ? (['retry', 'force', 'remove'] as const) : (['force', 'remove'] as const);
  return (
    <>
      {names.map((name) => (
        <Button
          key={name}
          variant={name === 'retry' ? 'light' : 'default'}
          onClick={() => action.open({ action: name, images: [image] })}
        >
          {t(`action.${name}.verb`)}
        </Button>
      ))}
      {action.dialog}
    </>
  );
}
