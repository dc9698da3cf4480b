import { Button, Menu } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { apiUrl } from '../../api/client.js';
import type { ImageFilter } from '../../api/types.js';
import { Icon } from '../../parts/icons.js';

/** All images that match the filter as a file. */
export function ExportMenu({ filter }: { readonly filter: ImageFilter }) {
  const { t } = useTranslation();
  return (
    <Menu shadow="md" position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name="download" size={16} />}>
          {t('images.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['csv', 'json'] as const).map((format) => (
          <Menu.Item key={format} component="a" href={apiUrl('images/export', { ...filter, format })} download>
            {format.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
