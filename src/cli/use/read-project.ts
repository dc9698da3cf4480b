import { loadComposeProject } from '../../compose/compose-project.js';
import type { ServiceReference } from '../../consumers/compose-files.js';
import { localProjectFiles, pathFromRoot } from '../../discovery/local-project-files.js';
import { imagesOfServices } from '../../domain/compose-images.js';
import type { Skipped } from '../../domain/upstream-finding.js';

const everything = { exclude: { images: [], services: [], profiles: [] } };

/**
 * Reads a compose project as Compose does: with `.env` beside it, this process's environment, and the files that it
 * includes and extends.
 *
 * @param text of the file
 * @throws FerryError if it is not a compose file
 */
export async function readProject(
  path: string,
  text: string,
): Promise<{
  readonly services: readonly ServiceReference[];
  /** Services without an image to pull. */
  readonly skipped: readonly Skipped[];
  /** Images that are not known, and files that could not be read: what is known is not all. */
  readonly unread: readonly Skipped[];
  readonly notes: readonly string[];
}> {
  const lookup = (name: string): string | undefined => process.env[name];
  const file = pathFromRoot(path);
  const files = localProjectFiles(new Map([[file, text]]));
  const project = await loadComposeProject(files, file, lookup);
  const { images, skipped, unread } = imagesOfServices(project.services, { lookup, ...everything });
  return {
    services: images,
    skipped: skipped.filter((one) => !unread.includes(one)),
    unread: [...unread, ...project.skipped],
    notes: project.notes,
  };
}
