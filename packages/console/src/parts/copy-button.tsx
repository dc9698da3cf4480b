import { ActionIcon, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { copyText } from './copy-text.js';
import { Icon } from './icons.js';

const shownForMs = 2_000;

export function CopyButton({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(text))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), shownForMs);
  };
  return (
    <Tooltip label={isCopied ? t('common.copied') : t('common.copy')}>
      <ActionIcon
        variant="subtle"
        color={isCopied ? 'green' : 'gray'}
        aria-label={isCopied ? t('common.copied') : t('common.copyText', { text })}
        onClick={() => void copy()}
      >
        <Icon name={isCopied ? 'check' : 'copy'} size={15} />
      </ActionIcon>
    </Tooltip>
  );
}
