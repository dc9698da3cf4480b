/** What the pages change. Afterwards the queries that it concerns are read again. */
import { api } from './client.js';
import { keys } from './keys.js';
import { readChanged, showInLists } from './live.js';
import { queryClient } from './query-client.js';
import type { ImageAction, ImageActionPreview, ImageActionResult, ParsedText, Target } from './types.js';

/** The state that the rows get at once, before the next read. */
const stateAfter = { retry: 'pending', force: 'pending', remove: 'withdrawn' } as const;

export async function previewImages(action: ImageAction): Promise<ImageActionPreview> {
  return await api.post<ImageActionPreview>('images/preview', action);
}

export async function changeImages(action: ImageAction): Promise<ImageActionResult> {
  const result = await api.post<ImageActionResult>('images/actions', action);
  const refused = new Set(result.refused.map(({ image }) => image));
  if (action.action !== 'backfill') {
    const to = stateAfter[action.action];
    for (const image of action.images ?? []) if (!refused.has(image)) showInLists({ image, to });
  }
  readChanged();
  return result;
}

/** @param plan also look how much would be copied, which takes longer */
export async function parseText(
  text: string,
  platforms: readonly string[] | undefined,
  plan: boolean,
): Promise<ParsedText> {
  return await api.post<ParsedText>('add/parse', { text, platforms, plan });
}

interface AddedImage {
  readonly asked: string;
  readonly image?: string | undefined;
  readonly platform?: string | undefined;
  readonly outcome: 'added' | 'renewed' | 'already-pending' | 'refused';
  readonly reason?: string | undefined;
}

export interface AddedImages {
  readonly delivery: string;
  /** Absent: Temporal has the request, and no worker has answered yet. */
  readonly images?: readonly AddedImage[] | undefined;
}

export async function addImages(request: {
  readonly images: readonly string[];
  readonly platforms?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
}): Promise<AddedImages> {
  const result = await api.post<AddedImages>('add', request);
  readChanged();
  return result;
}

export async function requestRun(): Promise<void> {
  await api.post('runs', {});
  readChanged();
}

export async function cancelRun(): Promise<void> {
  await api.delete('runs/current');
  readChanged();
}

export async function checkUpstream(name: string): Promise<void> {
  await api.post(`upstreams/${encodeURIComponent(name)}/check`);
  await queryClient.invalidateQueries({ queryKey: keys.upstreams });
}

export async function changeSchedule(id: string, change: 'pause' | 'resume' | 'trigger'): Promise<void> {
  await api.post(`schedules/${encodeURIComponent(id)}/${change}`);
  await queryClient.invalidateQueries({ queryKey: keys.schedules });
}

export async function checkTarget(name: string): Promise<Target> {
  const target = await api.post<Target>(`targets/${encodeURIComponent(name)}/check`);
  await queryClient.invalidateQueries({ queryKey: keys.targets });
  return target;
}
