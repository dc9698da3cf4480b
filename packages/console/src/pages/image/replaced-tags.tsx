import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { PlainTable } from '../../parts/plain-table.js';
import { Section } from '../../parts/section.js';

/** What the tags on the targets pointed to before. */
export function ReplacedTags({ replaced }: Pick<ImageDetails, 'replaced'>) {
  const { t } = useTranslation();
  if (replaced.length === 0) return null;
  return (
    <Section title={t('image.before')}>
      <PlainTable
        heads={[t('image.when'), t('images.target'), t('image.beforeDigest'), t('image.backup'), t('image.run')]}
      >
        {replaced.map(({ target, before, backup, run, at }) => (
          <tr key={`${target} ${run} ${before}`}>
            <td>
              <Moment at={at} form="time" />
            </td>
            <td>{target}</td>
            <td>
              <Digest digest={before} />
            </td>
            <td className="breaking">{backup}</td>
            <td>
              <TextLink to="/runs/$run" params={{ run }} size="sm">
                {run}
              </TextLink>
            </td>
          </tr>
        ))}
      </PlainTable>
    </Section>
  );
}
