import { printImageReference } from '@image-ferry/registry/reference';

import { readComposeDocument, readService } from '../../compose/compose-document.js';
import { imagesOfServices } from '../../domain/compose-images.js';
import { FerryError } from '../../domain/ferry-error.js';
import { lineOfService, looksLikeCompose, readPastedLines } from '../../domain/pasted-text.js';
import type { PastedLine } from '../../domain/pasted-text.js';

const nothing = { images: [], services: [], profiles: [] };

/** What is understood of a pasted text: of a compose file its services, of any other text its lines. */
export function readPasted(text: string): readonly PastedLine[] {
  if (!looksLikeCompose(text)) return readPastedLines(text);
  try {
    return readCompose(text);
  } catch (error) {
    if (!(error instanceof FerryError)) throw error;
    return [{ line: 1, text: 'services:', images: [{ image: 'services:', refused: error.message }] }];
  }
}

function readCompose(text: string): readonly PastedLine[] {
  const { services, broken } = readComposeDocument(text, 'the pasted text');
  const all = [...services].map(([name, service]) =>
    readService(name, service, 'the pasted text', (_from, { service: extended, file }) => {
      const base = file === undefined ? services.get(extended) : undefined;
      if (base !== undefined) return { at: 'the pasted text', service: base };
      return { reason: `it extends ${extended} of ${file ?? 'the pasted text'}, which is not there` };
    }),
  );
  return [...all, ...broken].map((service): PastedLine => {
    // Variables have no values here, only their defaults in the file.
    const { images, skipped } = imagesOfServices([service], { lookup: () => undefined, exclude: nothing });
    const refused = skipped.map(({ reason }) => ({ image: service.image ?? service.name, refused: reason }));
    return {
      line: lineOfService(text, service.name),
      text: service.image ?? service.name,
      service: service.name,
      images: [...images.map(({ reference }) => ({ image: printImageReference(reference) })), ...refused],
    };
  });
}
