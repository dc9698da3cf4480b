import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { readBaseConfig } from '../../config/base-config.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printMessage } from '../output.js';
import { requestSyncAfter } from '../request-sync-after.js';
import { withStores } from '../with-stores.js';

export interface RetryCommandOptions {
  readonly blocked?: boolean;
  readonly adopted?: boolean;
  readonly sync: boolean;
  readonly json?: boolean;
}

export async function retryCommand(image: string | undefined, options: RetryCommandOptions): Promise<number> {
  const what = whatToRetry(image, options);
  const config = readBaseConfig(process.env);
  const renewed = await withStores(config, async ({ wanted, actions }) => {
    await wanted.normalizeRows();
    return await actions.retry(what);
  });

  if (options.json === true) printJson(renewed);
  else printLine(`${renewed.images} ${renewed.images === 1 ? 'image is' : 'images are'} pending again`);
  if (renewed.images === 0) {
    printMessage(
      typeof what === 'string'
        ? `${what} is not in the list of wanted images: "ferry add ${what}" adds it`
        : 'nothing to retry',
    );
    return typeof what === 'string' ? ExitStatus.failed : ExitStatus.done;
  }
  if (options.sync) {
    await requestSyncAfter(config, {
      reason: 'ferry retry',
      kept: 'The images stay pending for the next sync run.',
    });
  }
  return ExitStatus.done;
}

function whatToRetry(
  image: string | undefined,
  { blocked = false, adopted = false }: RetryCommandOptions,
): string | { readonly blocked: true } | { readonly adopted: true } {
  if ([image !== undefined, blocked, adopted].filter(Boolean).length !== 1) {
    throw new InvalidInput(
      'name an image ("ferry retry nginx:1.27"), or use --blocked (every blocked image) or --adopted (every image that was adopted without copying)',
      'configuration',
    );
  }
  if (blocked) return { blocked };
  if (adopted) return { adopted };
  return printImageReference(parseImageReference(image ?? ''));
}
