import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { Cell, PlainTable, Row } from '../../parts/plain-table.js';
import { ReferenceText } from '../../parts/reference-text.js';
import { Section } from '../../parts/section.js';

/** What the tags on the targets pointed to before. */
export function ReplacedTags({ replaced }: Pick<ImageDetails, 'replaced'>) {
  const { t } = useTranslation();
  if (replaced.length === 0) return null;
  const hasBackups = replaced.some(({ backup }) => backup !== undefined);
  return (
    <Section title={t('image.before')}>
      <PlainTable
        heads={[
          t('image.when'),
          t('images.target'),
          t('image.beforeDigest'),
          ...(hasBackups ? [t('image.backup')] : []),
          t('image.run'),
        ]}
      >
        {replaced.map(({ target, before, backup, run, at }) => (
          <Row key={`${target} ${run} ${before}`}>
            <Cell>
              <Moment at={at} form="time" />
            </Cell>
            <Cell>{target}</Cell>
            <Cell>
              <Digest digest={before} />
            </Cell>
            {hasBackups && <Cell isBreaking>{backup !== undefined && <ReferenceText text={backup} />}</Cell>}
            <Cell>
              <TextLink to="/runs/$run" params={{ run }} size="sm">
                {run}
              </TextLink>
            </Cell>
          </Row>
        ))}
      </PlainTable>
    </Section>
  );
}
