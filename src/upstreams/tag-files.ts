import type { ProjectFiles } from '../compose/project-files.js';
import type { GitHub } from './github.js';
import { UpstreamFault } from './upstream-fault.js';

/** Per release: more than any project has, and a limit for the requests of a check. */
const mostFiles = 40;
const mostBytes = 10 * 1024 * 1024;

/** The files of a repository at one tag; each is read once. */
export function openTagFiles(
  github: GitHub,
  { repository, tag }: { readonly repository: string; readonly tag: string },
  signal?: AbortSignal,
): ProjectFiles {
  const options = { signal };
  const texts = new Map<string, Promise<string>>();
  const folders = new Map<string, Promise<readonly string[] | undefined>>();
  let bytes = 0;
  const files: ProjectFiles = {
    addressOf: (path) => `${path} of ${repository} at ${tag}`,
    async require(path) {
      const reading = texts.get(path) ?? readFirst(path);
      texts.set(path, reading);
      return await reading;
    },
    async read(path) {
      try {
        return await files.require(path);
      } catch (error) {
        if (error instanceof UpstreamFault && error.code === 'upstream-missing') return undefined;
        throw error;
      }
    },
    async list(path) {
      const listing = folders.get(path) ?? github.listFolder({ repository, path, tag }, options);
      folders.set(path, listing);
      return await listing;
    },
  };
  return files;

  async function readFirst(path: string): Promise<string> {
    if (texts.size >= mostFiles) throw tooMuch(`more than ${mostFiles} files are included or extended`);
    const text = await github.readFile({ repository, path, tag }, options);
    bytes += Buffer.byteLength(text);
    if (bytes > mostBytes) throw tooMuch(`its files have more than ${mostBytes} bytes`);
    return text;
  }

  function tooMuch(why: string): UpstreamFault {
    return new UpstreamFault(`too many compose files of ${repository} at ${tag}: ${why}`, {
      code: 'upstream-format',
      decision: 'block',
    });
  }
}
