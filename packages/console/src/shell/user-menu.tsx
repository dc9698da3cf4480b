import { ActionIcon, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { signOut } from '../api/session.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { Icon } from '../parts/icons.js';
import { useSession } from './session-gate.js';

export function UserMenu() {
  const { t } = useTranslation();
  const { name, role } = useSession();
  const { mutate, error } = useMutation({ mutationFn: signOut });
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('shell.account', { name })}>
          <Icon name="user" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name === role ? t(`role.${role}`) : `${name} · ${t(`role.${role}`)}`}</Menu.Label>
        <Menu.Item closeMenuOnClick={false} onClick={() => mutate()}>
          {t('shell.signOut')}
        </Menu.Item>
        {error !== null && <FaultNotice error={error} />}
      </Menu.Dropdown>
    </Menu>
  );
}
