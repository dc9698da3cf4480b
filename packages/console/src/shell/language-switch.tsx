import { ActionIcon, Menu } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { chooseLanguage, currentLanguage } from '../i18n/language.js';
import { languages } from '../i18n/languages.js';
import type { Language } from '../i18n/languages.js';
import { Icon } from '../parts/icons.js';

export function LanguageSwitch() {
  const { t } = useTranslation();
  const current = currentLanguage();
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('shell.language')}>
          <Icon name="language" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(languages).map(([language, name]) => (
          <Menu.Item
            key={language}
            lang={language}
            rightSection={language === current ? <Icon name="check" size={14} /> : null}
            onClick={() => void chooseLanguage(language as Language)}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
