import { ActionIcon, Menu } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { signOut } from '../api/session.js';
import { Icon } from '../parts/icons.js';
import { useSession } from './session-gate.js';

export function UserMenu() {
  const { t } = useTranslation();
  const { name, role } = useSession();
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('shell.account', { name })}>
          <Icon name="user" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name} · {t(`role.${role}`)}
        </Menu.Label>
        <Menu.Item onClick={() => void signOut()}>{t('shell.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
