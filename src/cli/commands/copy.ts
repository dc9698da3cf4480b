import { openRegistries } from '../../composition/registries.js';
import { Environment } from '../../config/environment.js';
import { proxiesOf } from '../../config/proxies.js';
import { dockerConfigPath, environmentCredentials, environmentHosts } from '../../config/registry-credentials.js';
import { defaultManifestPolicy } from '../../domain/default-manifest-policy.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { parseImageReference } from '../../domain/image-reference.js';
import type { ImageReference } from '../../domain/image-reference.js';
import { parsePlatformSelection } from '../../domain/platform.js';
import { targetTag } from '../../domain/target-name.js';
import { copyImage } from '../../registry/copy-image.js';
import type { CopyReport, CopyTarget, HostSettings } from '../../registry/copy-types.js';
import { watchCopy } from '../copy-progress.js';
import { printCopyReport, printCopyReportJson } from '../copy-report.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';

export interface CopyCommandOptions {
  /** Platforms separated by commas, or `all`; default `all`. */
  readonly platform?: string;
  /** Signatures, SBOMs and whatever else refers to the image go with it. */
  readonly referrers?: boolean;
  readonly json?: boolean;
}

/**
 * Copies one image to every target, with nothing but the engine: no Temporal, no database.
 *
 * @param targetTexts whole references; one without a tag gets the source's
 * @returns exit status
 * @throws FerryError for what was typed wrong, and for a fault of the source
 */
export async function copyCommand(
  sourceText: string,
  targetTexts: readonly string[],
  options: CopyCommandOptions,
): Promise<number> {
  const source = parseTyped(sourceText);
  const { referrers = false } = options;
  const targets = targetTexts.map((text) => parseTarget(text, source.reference));
  const platforms = parsePlatformSelection(options.platform ?? 'all');
  assertAllDifferent(targets);

  const environment = new Environment(process.env);
  const typed = [source, ...targets];
  const dockerConfig = dockerConfigPath(environment);
  const client = openRegistries({
    credentials: environmentCredentials(environment),
    ...(dockerConfig === undefined ? {} : { dockerConfigPath: dockerConfig }),
    hosts: new Map([
      ...environmentHosts(environment),
      ...typed.flatMap(({ host, scheme }) => settingsOf(host, scheme)),
    ]),
    proxies: proxiesOf(environment),
    trustedHosts: new Set(typed.map(({ host }) => host)),
  });
  const interruption = interruptible();
  const progress = await watchCopy(sourceText, targets.length);
  let report: CopyReport;
  try {
    report = await copyImage(
      client,
      { source: source.reference, platforms, targets: targets.map(({ target }) => ({ ...target, referrers })) },
      { signal: interruption.signal, onProgress: (event) => progress.show(event) },
    );
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    progress.close('interrupted; what had arrived stays, and the next copy goes on from there');
    return ExitStatus.failed;
  } finally {
    progress.close();
    interruption.release();
    client.close();
  }

  if (options.json === true) printCopyReportJson(report);
  else printCopyReport(report);
  return report.failures.length === 0 ? ExitStatus.done : ExitStatus.failed;
}

interface Typed {
  readonly host: string;
  readonly reference: ImageReference;
  readonly scheme?: 'http' | 'https';
}

/** `http://` or `https://` in front of the host decides how it is spoken to, as in the configuration. */
function parseTyped(text: string): Typed {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const reference = parseImageReference(rest);
  const lower = scheme?.toLowerCase();
  return { host: reference.host, reference, ...(lower === 'http' || lower === 'https' ? { scheme: lower } : {}) };
}

function parseTarget(text: string, source: ImageReference): Typed & { readonly target: CopyTarget } {
  const typed = parseTyped(text);
  const { host, path, digest } = typed.reference;
  if (digest !== undefined) {
    throw new InvalidInput(
      `the target "${text}" has a digest: a target is a tag, leave "@${digest}" out`,
      'invalid-reference',
    );
  }
  const lastPart = text.slice(text.lastIndexOf('/') + 1);
  const tag = lastPart.includes(':') ? (typed.reference.tag ?? 'latest') : targetTag(source);
  const name = `${host}/${path}:${tag}`;
  return { ...typed, target: { name, host, repository: path, tag, manifestPolicy: defaultManifestPolicy(host) } };
}

function assertAllDifferent(targets: readonly { readonly target: CopyTarget }[]): void {
  const names = new Set<string>();
  for (const { target } of targets) {
    if (names.has(target.name)) throw new InvalidInput(`the target ${target.name} is given twice`, 'invalid-reference');
    names.add(target.name);
  }
}

function settingsOf(host: string, scheme: 'http' | 'https' | undefined): readonly [string, HostSettings][] {
  return scheme === undefined ? [] : [[host, { scheme }]];
}
