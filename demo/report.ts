import type { Crash } from './crash.js';
import { bigRepository } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import type { ParkedImage } from './expectations.js';
import type { FerryUpProcess } from './ferry-process.js';
import { blobsOf } from './make-images.js';
import { writeShellVariables } from './shell-variables.js';
import { apiToken, dataFolder, targetNames } from './stage.js';
import type { Stage } from './stage.js';
import { judge } from './verify.js';
import type { Finding } from './verify.js';

const shownDigestLength = 'sha256:'.length + 12;

/** Every image on every target: what is there, who looked, and what the crash cost. */
export function printFindings(
  stage: Stage,
  { findings, images, crash }: { findings: readonly Finding[]; images: readonly DemoImage[]; crash: Crash },
): void {
  const header = ['IMAGE', 'PLATFORM', 'TARGET', 'DIGEST', 'VERIFIED', 'READ FROM SOURCE', 'SKIPPED AFTER THE CRASH'];
  const rows = findings.map(({ image, platforms, target, digest, faults }) => [
    image,
    platforms,
    target,
    digest.slice(0, shownDigestLength),
    faults.length === 0 ? `yes, by ${judge}` : 'NO',
    // One read serves both targets, so the report shows it once.
    target === targetNames[0] ? megabytes(bytesRead(stage, images, image)) : 'the same',
    image.startsWith(`${bigRepository}:`) ? megabytes(sizeOf(crash.complete[target])) : '-',
  ]);
  console.log();
  printTable([header, ...rows]);
}

/** What came in the second act, and why. */
export function printNews(findings: readonly Finding[], reasons: ReadonlyMap<string, string>): void {
  const rows = findings.map(({ image, target, digest, faults }) => [
    image,
    reasons.get(image) ?? '',
    target,
    digest.slice(0, shownDigestLength),
    faults.length === 0 ? `yes, by ${judge}` : 'NO',
  ]);
  console.log();
  printTable([['IMAGE', 'REQUESTED BY', 'TARGET', 'DIGEST', 'VERIFIED'], ...rows]);
  console.log();
}

/** The lines that differ, as `diff` prints them. */
export function printFileDifference(before: string, after: string): void {
  const [old, now] = [before, after].map((text) => text.split('\n'));
  console.log();
  for (const [position, line] of (old ?? []).entries()) {
    const changed = now?.[position] ?? '';
    if (line !== changed) console.log(`- ${line}\n+ ${changed}`);
  }
  console.log();
}

export function printParked({ proxy }: Stage, blocked: readonly ParkedImage[]): void {
  console.log(
    '\nBlocked until a person acts (FERRY_MISSING_TAG_WAIT is 0 here; by default the ferry waits 72 h for a tag):',
  );
  printTable([
    ['IMAGE', 'REASON'],
    ...blocked.map(({ image, reason }) => [image.replace(`${proxy.host}/`, ''), reason]),
  ]);
  console.log();
}

/** Where everything is, for a person who looks around in a demo that is kept running. */
export function printAddresses(stage: Stage, up: FerryUpProcess): void {
  const targets = targetNames.map((name) => {
    const { url, credentials } = stage.targets[name];
    return [name, credentials === undefined ? url : `${url} (${credentials.user}, ${credentials.password})`];
  });
  console.log('\nStill running, until Ctrl-C:');
  printTable([
    ['source', `${stage.source.url}, for the ferry ${stage.proxy.url}`],
    ...targets,
    ['Temporal', up.temporalPages() ?? 'without pages'],
    ['console', `http://${up.httpServer() ?? ''} (token: ${apiToken})`],
    ['webhooks and API', 'the same'],
    ['data and logs', dataFolder(stage)],
    ['look around with', `. ${writeShellVariables(stage)}; bin/ferry status`],
  ]);
}

function bytesRead(stage: Stage, images: readonly DemoImage[], name: string): number {
  const image = images.find(({ repository, tag }) => `${repository}:${tag}` === name);
  const digests = new Set<string>(image === undefined ? [] : blobsOf(image.made).map(({ digest }) => digest));
  const reads = stage.proxy.reads().filter(({ digest }) => digests.has(digest));
  return reads.reduce((total, { bytes }) => total + bytes, 0);
}

function sizeOf(blobs: readonly { readonly size: number }[]): number {
  return blobs.reduce((total, { size }) => total + size, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Columns, each as wide as its widest cell. */
function printTable(lines: readonly (readonly string[])[]): void {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    const cells = line.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    console.log(cells.join('  ').trimEnd());
  }
}
