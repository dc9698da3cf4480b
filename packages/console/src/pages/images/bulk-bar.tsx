import { Button, Group, Menu, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { overviewQuery } from '../../api/queries.js';
import type { ImageAction, ImageFilter } from '../../api/types.js';
import { useFormats } from '../../parts/formats.js';
import { Icon } from '../../parts/icons.js';
import { useIsOperator } from '../../shell/session-gate.js';

interface BulkBarProps {
  /** Rows that the filter matches; undefined: not known yet. */
  readonly count: number | undefined;
  readonly selected: readonly string[];
  readonly filter: ImageFilter;
  readonly onClear: () => void;
  readonly onAction: (action: ImageAction) => void;
}

/** How many images there are, and actions on the selected ones, or on all that match the filter. */
export function BulkBar({ count, selected, filter, onClear, onAction }: BulkBarProps) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const isOperator = useIsOperator();
  const { data: overview } = useQuery(overviewQuery);
  const hasSelection = selected.length > 0;
  const what = hasSelection ? { images: [...selected] } : { filter };
  return (
    <Group gap="xs" className="bulk" mih={36}>
      <Text size="sm" aria-live="polite">
        {hasSelection
          ? t('images.selected', { count: selected.length })
          : count !== undefined && t('images.count', { count, number: number(count) })}
      </Text>
      {hasSelection && (
        <Button size="xs" variant="subtle" onClick={onClear}>
          {t('images.clearSelection')}
        </Button>
      )}
      {isOperator && (hasSelection || (count ?? 0) > 0) && (
        <Menu shadow="md" position="bottom-start">
          <Menu.Target>
            <Button size="xs" variant="light" rightSection={<Icon name="down" size={14} />}>
              {hasSelection ? t('images.actOnSelected') : t('images.actOnAll')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {(['retry', 'force', 'remove'] as const).map((action) => (
              <Menu.Item key={action} onClick={() => onAction({ action, ...what })}>
                {t(`action.${action}.verb`)}
              </Menu.Item>
            ))}
            {(overview?.targets ?? []).map(({ target }) => (
              <Menu.Item key={target} onClick={() => onAction({ action: 'backfill', target, ...what })}>
                {t('images.backfillTo', { target })}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}
