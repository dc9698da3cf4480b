import { printImageReference } from '@image-ferry/registry/reference';

import { fileImages } from '../../consumers/file-images.js';
import type { FileImage } from '../../consumers/file-images.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { readExactly } from './read-exactly.js';
import { readProject } from './read-project.js';

export interface NamedImage extends FileImage {
  /** Canonical. */
  readonly image: string;
}

export interface ImagesOfFiles {
  readonly images: readonly NamedImage[];
  readonly notes: readonly string[];
  /** What the files name, too, without saying which image it is. */
  readonly unread: readonly string[];
}

/** The images of files of any kind, each once, where it was named first. @throws FerryError naming the file */
export async function imagesOfFiles(files: readonly string[]): Promise<ImagesOfFiles> {
  const images = new Map<string, NamedImage>();
  const notes: string[] = [];
  const unread: string[] = [];
  for (const file of files) {
    for (const { reference, where } of await imagesOf(file, notes, unread)) {
      const image = printImageReference(reference);
      if (!images.has(image)) images.set(image, { image, reference, where });
    }
  }
  return { images: [...images.values()], notes, unread };
}

async function imagesOf(file: string, notes: string[], unread: string[]): Promise<readonly FileImage[]> {
  const text = await readExactly(file);
  const read = fileImages(text, file);
  if (read.kind === 'images') {
    notes.push(...read.notes);
    unread.push(...read.unread);
    return read.images;
  }
  if (file === '-') {
    throw new InvalidInput(
      'a compose file cannot come from standard input: its .env and other files are beside it',
      'configuration',
    );
  }
  const { services, skipped, unread: unknown, notes: about } = await readProject(file, text);
  notes.push(...about, ...skipped.map(({ what, reason }) => `${file}: ${what} is not checked: ${reason}`));
  unread.push(...unknown.map(({ what, reason }) => `${file}: ${what}: ${reason}`));
  if (services.length === 0 && unknown.length === 0) {
    throw new InvalidInput(`${file} has no service with an image`, 'configuration');
  }
  return services.map(({ service, reference }) => ({ reference, where: `${file}: service ${service}` }));
}
