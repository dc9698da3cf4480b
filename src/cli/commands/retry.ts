import { readBaseConfig } from '../../config/read-config.js';
import { FerryError, InvalidInput } from '../../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../../../packages/registry/src/oci/image-reference.js';
import { requestAndReportSync } from '../request-sync.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, say } from '../output.js';
import { withStores } from '../with-stores.js';
import { withTemporal } from '../with-temporal.js';

export interface RetryCommandOptions {
  readonly blocked?: boolean;
  readonly adopted?: boolean;
  readonly sync: boolean;
  readonly json?: boolean;
}

export async function retryCommand(image: string | undefined, options: RetryCommandOptions): Promise<number> {
  const what = whatToRetry(image, options);
  const config = readBaseConfig(process.env);
  const renewed = await withStores(config, async ({ wanted, console }) => {
    await wanted.normalizeRows();
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
      await withTemporal(config, async (temporal) => await requestAndReportSync(temporal, 'ferry retry'));
    } catch (error) {
      if (error instanceof FerryError) say('That stays, and the next run takes it; no sync was asked for:');
      throw error;
    }
    say('A sync was asked for.');
  }
  return ExitStatus.done;
}

function whatToRetry(
  image: string | undefined,
  { blocked = false, adopted = false }: RetryCommandOptions,
): string | { readonly blocked: true } | { readonly adopted: true } {
  if ([image !== undefined, blocked, adopted].filter(Boolean).length !== 1) {
    throw new InvalidInput(
      'name what to retry: an image ("ferry retry nginx:1.27"), --blocked for every blocked one, or --adopted for every one that was taken over without copying',
      'configuration',
    );
  }
  if (blocked) return { blocked };
  if (adopted) return { adopted };
  return printImageReference(parseImageReference(image ?? ''));
}
