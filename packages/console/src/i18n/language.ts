import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

import type { Catalogue } from './en.js';
import { languageOfBrowser, languages } from './languages.js';
import type { Language } from './languages.js';

const storageKey = 'ferry.language';

/** Only the chosen catalogue is loaded. */
const catalogues: Readonly<Record<Language, () => Promise<Catalogue>>> = {
  en: async () => (await import('./en.js')).en,
  'zh-CN': async () => (await import('./zh-cn.js')).zhCn,
};

/** Starts with the language that was chosen here before, else with the browser's. */
export async function startLanguages(): Promise<void> {
  const language = storedLanguage() ?? languageOfBrowser(navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: await catalogues[language]() } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  i18next.addResourceBundle(language, 'translation', await catalogues[language]());
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  remember(language);
}

export function currentLanguage(): Language {
  return i18next.language === 'zh-CN' ? 'zh-CN' : 'en';
}

function storedLanguage(): Language | undefined {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored !== null && Object.hasOwn(languages, stored) ? (stored as Language) : undefined;
  } catch {
    // A browser may not allow storage.
    return undefined;
  }
}

function remember(language: Language): void {
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // The choice then lasts until the page is closed.
  }
}
