import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { useLiveUpdates } from '../api/live.js';
import { Icon } from '../parts/icons.js';
import { Logo } from '../parts/logo.js';
import { ConnectionLight } from './connection-light.js';
import { LanguageSwitch } from './language-switch.js';
import { places } from './places.js';
import { useIsOperator } from './session-gate.js';
import { ThemeSwitch } from './theme-switch.js';
import { UserMenu } from './user-menu.js';

export function Layout() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const isOperator = useIsOperator();
  const main = useRef<HTMLElement>(null);
  useLiveUpdates();
  useEffect(close, [pathname, close]);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a
        href="#main"
        className="skip-link"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t('shell.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? t('shell.closeMenu') : t('shell.openMenu')}
              aria-expanded={isOpen}
            />
            <Link to="/" className="brand" aria-label={t('common.product')}>
              <Logo size={28} />
              <Text component="span" fw={700} visibleFrom="xs">
                {t('common.product')}
              </Text>
            </Link>
          </Group>
          <Group gap={4} wrap="nowrap">
            <ConnectionLight />
            <LanguageSwitch />
            <ThemeSwitch />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('shell.navigation')}>
        <ScrollArea>
          {places
            .filter(({ operatorsOnly }) => isOperator || !operatorsOnly)
            .map(({ to, name }) => (
              <NavLink
                key={to}
                component={Link}
                to={to}
                label={t(`places.${name}`)}
                leftSection={<Icon name={name} />}
                active={isAt(pathname, to)}
                aria-current={isAt(pathname, to) ? 'page' : undefined}
                className="place"
              />
            ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

/** An image belongs to the images, and a run to the runs. */
function isAt(pathname: string, to: string): boolean {
  if (to === '/') return pathname === '/';
  return pathname.startsWith(to) || (to === '/images' && pathname.startsWith('/image'));
}
