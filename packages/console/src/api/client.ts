import { basePath } from '../base-path.js';
import { bodyOf } from './request-fault.js';

type Query = Readonly<Record<string, string | number | undefined>>;

export function apiUrl(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return `${basePath}api/v1/${path}${text === '' ? '' : `?${text}`}`;
}

export const api = {
  get: async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    await bodyOf<T>(fetch(apiUrl(path, query), { headers: { accept: 'application/json' }, signal: signal ?? null })),
  post: async <T>(path: string, body: unknown = {}): Promise<T> =>
    await bodyOf<T>(
      fetch(apiUrl(path), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
      }),
    ),
  delete: async <T>(path: string): Promise<T> =>
    await bodyOf<T>(fetch(apiUrl(path), { method: 'DELETE', headers: { accept: 'application/json' } })),
};
