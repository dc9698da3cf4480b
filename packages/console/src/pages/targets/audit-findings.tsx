import { Code, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Audit } from '../../api/types.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { PlainTable } from '../../parts/plain-table.js';

/** The copies that an audit found wrong, and what follows from each. */
export function AuditFindings({ findings }: Pick<Audit, 'findings'>) {
  const { t } = useTranslation();
  if (findings.length === 0) return null;
  return (
    <PlainTable
      heads={[t('images.image'), t('images.target'), t('audit.foundIt'), t('audit.followed'), t('audit.reason')]}
    >
      {findings.map(({ image, target, kind, action, healedAt, reason }) => (
        <tr key={`${target} ${image}`}>
          <td className="breaking">
            <TextLink to="/image" search={{ reference: image }} size="sm">
              {image}
            </TextLink>
          </td>
          <td>{target}</td>
          <td>
            {t(`audit.found.${kind}`)} <Code>{`copy-${kind}`}</Code>
          </td>
          <td>
            {healedAt === undefined ? (
              t(`audit.action.${action}`)
            ) : (
              <>
                {t('audit.healed')} <Moment at={healedAt} />
              </>
            )}
          </td>
          <td className="breaking">
            <Text size="sm">{reason}</Text>
          </td>
        </tr>
      ))}
    </PlainTable>
  );
}
