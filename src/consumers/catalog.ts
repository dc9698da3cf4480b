/** A catalog of what is on the targets, for any web server: a page with search, and JSON. */
import { createHash } from 'node:crypto';

import { mirroredName } from '../domain/mirrored-image.js';
import type { MirroredImage } from '../domain/mirrored-image.js';
import { printUtc } from '../domain/utc-time.js';
import { catalogScript, catalogStyle } from './catalog-assets.js';

export interface Catalog {
  readonly madeAt: number;
  readonly images: readonly MirroredImage[];
  /** Name of one target; absent: of all. */
  readonly target?: string | undefined;
}

/** In every page that a catalog wrote, so that it replaces no other page. */
export const catalogMark = '<meta name="generator" content="Image Ferry">';

/** The same facts as the page, for programs. */
export function catalogJson({ madeAt, images }: Catalog): string {
  const entries = images.map(({ image, copies }) => ({
    image,
    copies: copies.map((copy) => ({
      target: copy.target,
      name: mirroredName(copy),
      digest: copy.digest,
      sourceDigest: copy.sourceDigest,
      platforms: copy.platforms,
      since: copy.since === undefined ? undefined : printUtc(copy.since),
      verifiedAt: copy.verifiedAt === undefined ? undefined : printUtc(copy.verifiedAt),
      state: copy.state,
      pull: pullCommand(mirroredName(copy)),
    })),
  }));
  return `${JSON.stringify({ madeAt: printUtc(madeAt), images: entries }, null, 2)}\n`;
}

/**
 * A page that needs no other file and makes no request: its policy allows its own style and script alone. Without
 * scripts it is a plain list.
 */
export function catalogPage({ madeAt, images, target }: Catalog): string {
  const title = target === undefined ? 'Mirrored images' : `Mirrored images on ${target}`;
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(catalogStyle)}'`,
    `script-src '${hashOf(catalogScript)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
${catalogMark}
<title>${escaped(title)}</title>
<style>${catalogStyle}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p><span id="count">${images.length}</span> of ${images.length} images, ${escaped(printUtc(madeAt))}</p>
<label for="search">Search 搜索</label>
<input id="search" type="search" autocomplete="off" placeholder="nginx 1.27">
</header>
<main>
${images.length === 0 ? '<p class="empty">No image is mirrored yet. 尚无镜像。</p>' : images.map(imageArticle).join('\n')}
<p class="empty" id="none" hidden>No image matches. 没有匹配的镜像。</p>
</main>
<script>${catalogScript}</script>
</body>
</html>
`;
}

function imageArticle({ image, copies }: MirroredImage): string {
  const rows = copies.map((copy) => {
    const facts = [
      copy.target,
      copy.platforms.join(', '),
      copy.since === undefined ? '' : `since ${printUtc(copy.since).slice(0, 10)}`,
      copy.state === 'current' ? '' : copy.state,
    ].filter((fact) => fact !== '');
    return `<li>
<code>${escaped(pullCommand(mirroredName(copy)))}</code>
<p>${escaped(facts.join(' · '))}</p>
<p class="digest">${escaped(copy.digest ?? 'digest not known')}</p>
</li>`;
  });
  return `<article>
<h2>${escaped(image)}</h2>
<ul>
${rows.join('\n')}
</ul>
</article>`;
}

function pullCommand(name: string): string {
  return `docker pull ${name}`;
}

/** As a content security policy names an inline style or script (CSP Level 3, §2.3.1). */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
