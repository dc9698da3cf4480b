import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { changeImages, previewImages } from '../api/calls.js';
import type { ImageAction } from '../api/types.js';
import { CommandLine } from '../parts/command-line.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { Loading } from '../parts/loading.js';
import { ActionPreview } from './action-preview.js';
import { ActionResult } from './action-result.js';
import { cliLines } from './cli-lines.js';

interface ImageActionDialogProps {
  readonly action: ImageAction;
  readonly onClose: () => void;
  readonly onDone?: (() => void) | undefined;
}

export function ImageActionDialog({ action: request, onClose, onDone }: ImageActionDialogProps) {
  const { t } = useTranslation();
  const preview = useQuery({
    queryKey: ['preview', request],
    queryFn: async () => await previewImages(request),
    // What it says is of this moment.
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  });
  const doing = useMutation({ mutationFn: changeImages, onSuccess: () => onDone?.() });
  const lines = cliLines(request);
  const isNothing = preview.data?.images === 0;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`action.${request.action}.title`)}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{t(`action.${request.action}.meaning`, { target: request.target })}</Text>
        {doing.data === undefined && preview.isPending && <Loading label={t('action.planning')} />}
        {doing.data === undefined && preview.data !== undefined && <ActionPreview preview={preview.data} />}
        {doing.data === undefined && preview.error !== null && <FaultNotice error={preview.error} />}
        {doing.data !== undefined && <ActionResult result={doing.data} />}
        {doing.error !== null && <FaultNotice error={doing.error} />}
        {lines.length > 0 && doing.data === undefined && (
          <div>
            <Text size="xs" c="dimmed">
              {t('action.sameByCommand')}
            </Text>
            {lines.map((line) => (
              <CommandLine key={line} text={line} />
            ))}
          </div>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {doing.data === undefined ? t('common.cancel') : t('common.close')}
          </Button>
          {doing.data === undefined && (
            <Button
              color={request.action === 'remove' ? 'red' : 'blue'}
              disabled={preview.isPending || isNothing}
              loading={doing.isPending}
              onClick={() => doing.mutate(request)}
              data-autofocus
            >
              {preview.data === undefined
                ? t(`action.${request.action}.verb`)
                : t(`action.${request.action}.confirm`, { count: preview.data.images })}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
