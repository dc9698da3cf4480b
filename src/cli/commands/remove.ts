import { readPlaceConfig } from '../../config/read-config.js';
import { parseImageReference, printImageReference } from '../../domain/image-reference.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, say } from '../output.js';
import { withStores } from '../with-stores.js';

export async function removeCommand(image: string, { json = false }: { readonly json?: boolean }): Promise<number> {
  const canonical = printImageReference(parseImageReference(image));
  const removed = await withStores(readPlaceConfig(process.env), async ({ wanted, console }) => {
    await wanted.adoptRows();
    return await console.remove(canonical);
  });
  if (json) printJson({ image: canonical, ...removed });
  if (removed.rows === 0) {
    say(`nobody wants ${canonical}`);
    return ExitStatus.failed;
  }
  if (!json) printLine(`${canonical} is not wanted any more; what is on the targets stays there`);
  return ExitStatus.done;
}
