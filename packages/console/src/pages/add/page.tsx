import { Button, Checkbox, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { addImages, parseText } from '../../api/calls.js';
import { overviewQuery } from '../../api/queries.js';
import type { ParsedText } from '../../api/types.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { Page } from '../../parts/page.js';
import { AddedList } from './added-list.js';
import { PlannedAdd } from './planned-add.js';
import { Understood } from './understood.js';

const typingPauseMs = 400;

export function AddPage() {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [platforms, setPlatforms] = useState('');
  const [targets, setTargets] = useState<readonly string[]>();
  const { data: overview } = useQuery(overviewQuery);
  const known = overview?.targets.map(({ target }) => target) ?? [];
  const [settled] = useDebouncedValue({ text, platforms }, typingPauseMs);
  const named = platformsOf(settled.platforms);
  const parsed = useQuery({
    queryKey: ['parsed', settled],
    queryFn: async () => await parseText(settled.text, named, false),
    enabled: settled.text.trim() !== '',
    placeholderData: keepPreviousData,
    retry: false,
  });
  const hasImages = (parsed.data?.images ?? 0) > 0;
  const planned = useQuery({
    queryKey: ['planned', settled],
    queryFn: async () => await parseText(settled.text, named, true),
    enabled: settled.text.trim() !== '' && hasImages,
    retry: false,
  });
  const adding = useMutation({ mutationFn: addImages });
  const understood = settled.text.trim() === '' ? undefined : parsed.data;
  const images = imagesOf(understood);
  const chosen = targets ?? known;
  const add = (): void =>
    adding.mutate({ images, platforms: named, targets: chosen.length === known.length ? undefined : chosen });

  return (
    <Page title={t('places.add')} description={t('add.description')}>
      <Textarea
        label={t('add.text')}
        placeholder={t('add.textHint')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          adding.reset();
        }}
        autosize
        minRows={5}
        maxRows={16}
        spellCheck={false}
        classNames={{ input: 'monospace' }}
        autoFocus
      />
      <Group align="flex-start" gap="xl">
        <TextInput
          label={t('add.platforms')}
          description={t('add.platformsHint')}
          placeholder="linux/amd64, linux/arm64"
          value={platforms}
          onChange={(event) => setPlatforms(event.currentTarget.value)}
          className="growing"
        />
        {known.length > 1 && (
          <Checkbox.Group label={t('places.targets')} value={[...chosen]} onChange={setTargets} className="growing">
            <Group mt="xs">
              {known.map((target) => (
                <Checkbox key={target} value={target} label={target} />
              ))}
            </Group>
          </Checkbox.Group>
        )}
      </Group>
      {parsed.error !== null && <FaultNotice error={parsed.error} />}
      {understood !== undefined && (
        <Stack>
          <Understood parsed={understood} targets={chosen} />
          {hasImages && adding.data === undefined && planned.error === null && <PlannedAdd planned={planned.data} />}
          {images.length > 0 && adding.data === undefined && (
            <Group>
              <Button onClick={add} loading={adding.isPending} disabled={chosen.length === 0}>
                {t('add.submit', { count: images.length })}
              </Button>
            </Group>
          )}
        </Stack>
      )}
      {adding.error !== null && <FaultNotice error={adding.error} />}
      {adding.data !== undefined && <AddedList added={adding.data} />}
    </Page>
  );
}

function imagesOf(parsed: ParsedText | undefined): readonly string[] {
  return [...new Set(parsed?.lines.flatMap(({ images }) => images.map(({ image }) => image)))];
}

function platformsOf(text: string): readonly string[] | undefined {
  const platforms = text.split(/[\s,]+/).filter((platform) => platform !== '');
  return platforms.length === 0 ? undefined : platforms;
}
