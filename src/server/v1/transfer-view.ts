import type * as z from 'zod';

import type { ImageTransfer } from '../../client/image-transfers.js';
import type { Transfer } from './run-schemas.js';

/** A transfer as clients see it. Before its first event only the bytes of earlier attempts are known. */
export function transferView(image: string, transfer: ImageTransfer): z.infer<typeof Transfer> {
  const { bytesRead = 0, transfer: now } = transfer;
  if (now === undefined) return { image, bytesRead, bytesTotal: 0, readRate: 0, targets: [] };
  return { ...now, image, targets: now.targets.map((target) => ({ ...target, layers: target.layers ?? [] })) };
}
