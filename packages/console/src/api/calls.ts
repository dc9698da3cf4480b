/** What the pages change. Afterwards the queries that it concerns are read again. */
import { v1 } from './client.js';
import { keys } from './keys.js';
import { readAfterAction, showInLists } from './live.js';
import { queryClient } from './query-client.js';
import { bodyOf } from './request-fault.js';
import type { ChannelTest, ImageAction, ImageActionPreview, ImageActionResult, ParsedText } from './types.js';

/** The state that the rows get at once, before the next read. */
const stateAfter = { retry: 'pending', force: 'pending', remove: 'withdrawn' } as const;

export async function previewImages(action: ImageAction): Promise<ImageActionPreview> {
  return await bodyOf(v1.images.preview.$post({ json: action }));
}

export async function changeImages(action: ImageAction): Promise<ImageActionResult> {
  const result = await bodyOf(v1.images.actions.$post({ json: action }));
  const refused = new Set(result.refused.map(({ image }) => image));
  if (action.action !== 'backfill') {
    const to = stateAfter[action.action];
    for (const image of action.images ?? []) if (!refused.has(image)) showInLists({ image, to });
  }
  readAfterAction();
  return result;
}

/** @param plan also look how much would be copied, which takes longer */
export async function parseText(
  text: string,
  platforms: readonly string[] | undefined,
  plan: boolean,
): Promise<ParsedText> {
  return await bodyOf(v1.add.parse.$post({ json: { text, platforms, plan } }));
}

export type AddedImages = Awaited<ReturnType<typeof addImages>>;

export async function addImages(request: {
  readonly images: readonly string[];
  readonly platforms?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
}) {
  const result = await bodyOf(v1.add.$post({ json: request }));
  readAfterAction();
  return result;
}

/** @param deep check every copy in depth */
export async function requestAudit(deep: boolean): Promise<void> {
  await bodyOf(v1.audits.$post({ json: { deep } }));
  await queryClient.invalidateQueries({ queryKey: keys.audits });
}

export type RollbackResult = Awaited<ReturnType<typeof rollBack>>;

export async function rollBack(request: {
  readonly image: string;
  readonly target: string;
  readonly to?: string | undefined;
}) {
  const result = await bodyOf(v1.images.rollback.$post({ json: request }));
  readAfterAction();
  return result;
}

export type ReleaseResult = Awaited<ReturnType<typeof release>>;

export async function release(request: { readonly image: string; readonly target: string }) {
  const result = await bodyOf(v1.images.release.$post({ json: request }));
  readAfterAction();
  return result;
}

export async function requestRun(): Promise<void> {
  await bodyOf(v1.runs.$post({ json: {} }));
  readAfterAction();
}

export async function cancelRun(): Promise<void> {
  await bodyOf(v1.runs.current.$delete());
  readAfterAction();
}

export async function checkUpstream(name: string): Promise<void> {
  await bodyOf(v1.upstreams[':name'].check.$post({ param: { name: encodeURIComponent(name) }, json: {} }));
  await queryClient.invalidateQueries({ queryKey: keys.upstreams });
}

export async function changeSchedule(id: string, change: 'pause' | 'resume' | 'trigger'): Promise<void> {
  await bodyOf(
    v1.schedules[':id'][':action'].$post({ param: { id: encodeURIComponent(id), action: change }, json: {} }),
  );
  await queryClient.invalidateQueries({ queryKey: keys.schedules });
}

export async function checkTarget(name: string): Promise<void> {
  await bodyOf(v1.targets[':name'].check.$post({ param: { name: encodeURIComponent(name) } }));
  await queryClient.invalidateQueries({ queryKey: keys.targets });
}

export async function testChannel(name: string): Promise<ChannelTest> {
  const result = await bodyOf(
    v1['notification-channels'][':name'].test.$post({ param: { name: encodeURIComponent(name) } }),
  );
  await readNotifications();
  return result;
}

export async function redeliver(id: number): Promise<void> {
  await bodyOf(v1.notifications[':id'].redeliver.$post({ param: { id: String(id) } }));
  await readNotifications();
}

async function readNotifications(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.channels });
  await queryClient.invalidateQueries({ queryKey: keys.notificationLists });
}
