import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { releaseLine, rollbackLine } from '../../actions/cli-lines.js';
import { release, rollBack } from '../../api/calls.js';
import { CommandLine } from '../../parts/command-line.js';
import { FaultNotice } from '../../parts/fault-notice.js';
import { HoldResult } from './hold-result.js';

interface HoldDialogProps {
  readonly action: 'rollback' | 'release';
  readonly image: string;
  readonly target: string;
  /** What the tag pointed to before is recorded: a rollback without a digest goes there. */
  readonly hasEarlier: boolean;
  readonly onClose: () => void;
}

/** Says what a rollback or a release does, does it, and says what happened. */
export function HoldDialog({ action, image, target, hasEarlier, onClose }: HoldDialogProps) {
  const { t } = useTranslation();
  const [digest, setDigest] = useState('');
  const to = digest.trim() === '' ? undefined : digest.trim();
  const doing = useMutation({
    mutationFn: async () =>
      action === 'rollback' ? await rollBack({ image, target, to }) : await release({ image, target }),
  });
  const needsDigest = action === 'rollback' && !hasEarlier && to === undefined;
  const isDone = doing.data !== undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`hold.${action}.title`, { target })}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{t(`hold.${action}.meaning`)}</Text>
        {action === 'rollback' && !isDone && (
          <TextInput
            label={t('hold.digest')}
            description={hasEarlier ? t('hold.digestHint') : t('hold.digestNeeded')}
            required={!hasEarlier}
            data-autofocus={hasEarlier ? undefined : true}
            value={digest}
            onChange={({ currentTarget }) => setDigest(currentTarget.value)}
          />
        )}
        {doing.data !== undefined && <HoldResult result={doing.data} />}
        {doing.error !== null && <FaultNotice error={doing.error} />}
        {!isDone && (
          <div>
            <Text size="xs" c="dimmed">
              {t('action.sameByCommand')}
            </Text>
            <CommandLine
              text={action === 'rollback' ? rollbackLine({ image, target, to }) : releaseLine({ image, target })}
            />
          </div>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {isDone ? t('common.close') : t('common.cancel')}
          </Button>
          {!isDone && (
            <Button
              loading={doing.isPending}
              disabled={needsDigest}
              onClick={() => doing.mutate()}
              data-autofocus={needsDigest ? undefined : true}
            >
              {t(`hold.${action}.verb`)}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
