import type { Connection } from 'mysql2/promise';

import type { MadeManifest } from '../../demo/make-images.js';
import { targetNames } from '../plan/parts.js';
import type { TargetName } from '../plan/parts.js';
import type { PlannedImage } from '../plan/plan-images.js';
import { referenceOf } from '../requests/send-requests.js';
import type { SentRequests } from '../requests/send-requests.js';
import type { ChaosStage } from '../stage/stage.js';
import type { ExpectedImage } from './verify-images.js';
import type { Violation } from './violation.js';

interface PushedRow {
  readonly image: string;
  readonly target: string;
  readonly name: string;
  readonly digest: string;
}

/**
 * The images that must be on every target: those of every request that was accepted, and also of one whose answer was
 * lost, if it left rows.
 */
export async function expectedImages(
  sql: Connection,
  {
    stage,
    sent,
    made,
  }: {
    readonly stage: ChaosStage;
    readonly sent: SentRequests;
    readonly made: ReadonlyMap<PlannedImage, readonly MadeManifest[]>;
  },
): Promise<{ readonly images: readonly ExpectedImage[]; readonly violations: readonly Violation[] }> {
  const wanted = await wantedPlatforms(sql);
  const pushed = await pushedRows(sql);
  const violations: Violation[] = [];
  for (const { images, platforms } of sent.accepted) {
    for (const reference of images.map((image) => referenceOf(stage, image))) {
      const missing = platforms.split(',').filter((platform) => !wanted.get(reference)?.has(platform));
      if (missing.length > 0)
        violations.push({
          promise: 'arrived',
          text: `${reference} was accepted for ${missing.join(',')}, and has no row`,
        });
    }
  }
  const expected: ExpectedImage[] = [];
  for (const [image, contents] of made) {
    const reference = referenceOf(stage, image);
    const platforms = wanted.get(reference);
    const content = contents[sent.versions.get(image) ?? 0];
    if (platforms === undefined || content === undefined) continue;
    const names = targetNames.flatMap((target) => {
      const host = stage.lines[target].host;
      const row = pushed.find((one) => one.image === reference && one.target === host);
      return row === undefined ? [] : [[target, { ...nameIn(row.name, host), digest: row.digest }] as const];
    });
    expected.push({
      reference,
      made: content,
      platforms,
      names: new Map<TargetName, (typeof names)[number][1]>(names),
    });
  }
  return { images: expected, violations };
}

/** Platforms of the rows of each image. */
async function wantedPlatforms(sql: Connection): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const [rows] = await sql.query(
    'select image, platform from images_for_push where duplicate_of is null and image is not null and push_status <> 3',
  );
  const wanted = new Map<string, Set<string>>();
  for (const { image, platform } of rows as { image: string; platform: string | null }[]) {
    const platforms = wanted.get(image) ?? new Set();
    wanted.set(image, platforms.add(platform === null || platform === '' ? 'linux/amd64' : platform));
  }
  return wanted;
}

async function pushedRows(sql: Connection): Promise<readonly PushedRow[]> {
  const [rows] = await sql.query(
    'select image, target_registry_url as target, registry_image_name as name, digest from pushed_images',
  );
  return rows as PushedRow[];
}

/** `host/repository:tag` without its host. */
function nameIn(name: string, host: string): { readonly repository: string; readonly tag: string } {
  const path = name.slice(host.length + 1);
  const colon = path.lastIndexOf(':');
  return { repository: path.slice(0, colon), tag: path.slice(colon + 1) };
}
