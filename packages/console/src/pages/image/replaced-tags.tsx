import { useTranslation } from 'react-i18next';

import type { ImageDetails } from '../../api/types.js';
import { Digest } from '../../parts/digest.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { Scrolling } from '../../parts/scrolling.js';
import { Section } from '../../parts/section.js';

/** What the tags on the targets pointed to before. */
export function ReplacedTags({ replaced }: Pick<ImageDetails, 'replaced'>) {
  const { t } = useTranslation();
  if (replaced.length === 0) return null;
  return (
    <Section title={t('image.before')}>
      <Scrolling>
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">{t('image.when')}</th>
              <th scope="col">{t('images.target')}</th>
              <th scope="col">{t('image.beforeDigest')}</th>
              <th scope="col">{t('image.backup')}</th>
              <th scope="col">{t('image.run')}</th>
            </tr>
          </thead>
          <tbody>
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
          </tbody>
        </table>
      </Scrolling>
    </Section>
  );
}
