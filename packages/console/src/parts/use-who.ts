import { useTranslation } from 'react-i18next';

/** What the server names who or what requested a change with. */
const known = ['cli', 'webhook', 'upstream', 'workflow', 'row', 'api', 'console', 'audit', 'schedule'] as const;

/**
 * Who requested a change, in the reader's language: `upstream dify`, `console: mia`. The run ID of an audit names nothing that a
 * reader finds.
 */
export function useWho(): (who: string) => string {
  const { t } = useTranslation();
  return (who) => {
    const [, first, separator = '', name = ''] = /^(\w+)(:? ?)(.*)$/s.exec(who) ?? [];
    const word = known.find((one) => one === first);
    if (word === undefined) return who;
    if (word === 'audit' || name === '') return t(`origin.${word}`);
    return `${t(`origin.${word}`)}${separator.startsWith(':') ? t('common.colon') : ' '}${name}`;
  };
}
