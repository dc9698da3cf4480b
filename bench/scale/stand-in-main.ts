/** The process of `startStandIn`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { kindOf } from './counted-registry.js';
import type { StandInMessage } from './stand-in.js';
import { tinyImage } from './tiny-images.js';

interface Content {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: string;
}

const resource = /^\/v2\/(?<repository>.+)\/(?:manifests|blobs)\/(?<reference>[^/?]+)(?:\?|$)/;
const counts: Record<string, number> = {};
/** What tags pointed to when they were asked: nothing else is asked by its digest. */
const byDigest = new Map<string, { readonly repository: string; readonly tag: string }>();

const server = createServer((request, response) => {
  const { method = '', url = '' } = request;
  const kind = kindOf({ method, path: url });
  counts[kind] = (counts[kind] ?? 0) + 1;
  request.resume();
  if (url.startsWith('/v2/') && url.replace(/\?.*/, '').length === '/v2/'.length)
    return void response.writeHead(200).end();
  const content = method === 'HEAD' || method === 'GET' ? contentAt(url) : undefined;
  if (content === undefined) return void response.writeHead(method === 'HEAD' || method === 'GET' ? 404 : 405).end();
  const { bytes, mediaType, digest } = content;
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': bytes.length,
    'docker-content-digest': digest,
  });
  response.end(method === 'HEAD' ? undefined : bytes);
});
server.listen(0, '127.0.0.1', () => send({ port: (server.address() as AddressInfo).port }));
process.on('message', () => send({ counts }));
process.once('disconnect', () => process.exit());

function contentAt(url: string): Content | undefined {
  const { repository = '', reference = '' } = resource.exec(url)?.groups ?? {};
  if (!reference.startsWith('sha256:')) {
    const image = tinyImage(repository, reference);
    for (const { digest } of [image, ...image.blobs]) byDigest.set(digest, { repository, tag: reference });
    return image;
  }
  const owner = byDigest.get(reference);
  if (owner === undefined) return undefined;
  const image = tinyImage(owner.repository, owner.tag);
  if (image.digest === reference) return image;
  const blob = image.blobs.find(({ digest }) => digest === reference);
  return blob === undefined ? undefined : { ...blob, mediaType: 'application/octet-stream' };
}

function send(message: StandInMessage): void {
  process.send?.(message);
}
