import { readPlaceConfig } from '../../config/read-config.js';
import { FerryError, InvalidInput } from '../../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../../domain/image-reference.js';
import { askForSync } from '../ask-for-sync.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, say } from '../output.js';
import { withStores } from '../with-stores.js';
import { withTemporal } from '../with-temporal.js';

export interface RetryOptions {
  readonly parked?: boolean;
  readonly adopted?: boolean;
  readonly sync: boolean;
  readonly json?: boolean;
}

export async function retryCommand(image: string | undefined, options: RetryOptions): Promise<number> {
  const what = whatToRetry(image, options);
  const config = readPlaceConfig(process.env);
  const renewed = await withStores(config, async ({ wanted, console }) => {
    await wanted.adoptRows();
    return await console.retry(what);
  });

  if (options.json === true) printJson(renewed);
  else printLine(`${renewed.images} ${renewed.images === 1 ? 'image is' : 'images are'} pending again`);
  if (renewed.images === 0) {
    say(
      typeof what === 'string' ? `nobody wants ${what}: "ferry add ${what}" asks for it` : 'there was nothing to retry',
    );
    return typeof what === 'string' ? ExitStatus.failed : ExitStatus.done;
  }
  if (options.sync) {
    try {
      await withTemporal(config, async (temporal) => await askForSync(temporal, 'ferry retry'));
    } catch (error) {
      if (error instanceof FerryError) say('That stays, and the next pass takes it; no sync was asked for:');
      throw error;
    }
    say('A sync was asked for.');
  }
  return ExitStatus.done;
}

function whatToRetry(
  image: string | undefined,
  { parked = false, adopted = false }: RetryOptions,
): string | { readonly parked: true } | { readonly adopted: true } {
  if ([image !== undefined, parked, adopted].filter(Boolean).length !== 1) {
    throw new InvalidInput(
      'name what to retry: an image ("ferry retry nginx:1.27"), --parked for every parked one, or --adopted for every one that was taken over without copying',
      'configuration',
    );
  }
  if (parked) return { parked };
  if (adopted) return { adopted };
  return printImageReference(parseImageReference(image ?? ''));
}
