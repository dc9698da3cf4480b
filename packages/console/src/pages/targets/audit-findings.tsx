import { Code, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Audit } from '../../api/types.js';
import { FaultText } from '../../parts/fault-text.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { Cell, PlainTable, Row } from '../../parts/plain-table.js';
import { ReferenceText } from '../../parts/reference-text.js';

/** The copies that an audit found wrong, and what follows from each. */
export function AuditFindings({ findings }: Pick<Audit, 'findings'>) {
  const { t } = useTranslation();
  if (findings.length === 0) return null;
  return (
    <PlainTable
      heads={[t('images.image'), t('images.target'), t('audit.foundIt'), t('audit.followed'), t('audit.reason')]}
    >
      {findings.map(({ image, target, kind, outcome, healedAt, reason }) => (
        <Row key={`${target} ${image}`}>
          <Cell isBreaking>
            <TextLink to="/image" search={{ reference: image }} size="sm">
              <ReferenceText text={image} />
            </TextLink>
          </Cell>
          <Cell>{target}</Cell>
          <Cell>
            {t(`audit.found.${kind}`)} <Code>{`copy-${kind}`}</Code>
          </Cell>
          <Cell>
            {t(`audit.outcome.${outcome}`)}
            {healedAt !== undefined && (
              <>
                {' '}
                <Moment at={healedAt} />
              </>
            )}
          </Cell>
          <Cell isBreaking>
            <Text size="sm" component="div">
              <FaultText code={`copy-${kind}`} reason={reason} />
            </Text>
          </Cell>
        </Row>
      ))}
    </PlainTable>
  );
}
