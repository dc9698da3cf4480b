import { dockerHub, printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

const officialImages = 'library/';

/** All texts by which manifests name an image: `nginx:1.27`, `docker.io/nginx:1.27`, `docker.io/library/nginx:1.27` … */
export function spellings(reference: ImageReference): readonly string[] {
  const { host, path, tag, digest } = reference;
  const whole = printImageReference(reference);
  const rest = whole.slice(`${host}/${path}`.length);
  const names = [`${host}/${path}`];
  if (host === dockerHub) {
    names.push(path, `index.docker.io/${path}`);
    if (path.startsWith(officialImages)) {
      const short = path.slice(officialImages.length);
      names.push(short, `${dockerHub}/${short}`);
    }
  }
  const endings = tag === 'latest' && digest === undefined ? [rest, ''] : [rest];
  return names.flatMap((name) => endings.map((ending) => `${name}${ending}`));
}
