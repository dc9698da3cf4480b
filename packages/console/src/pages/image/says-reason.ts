import type { ImageDetails } from '../../api/types.js';

/** If the rows of the image say a reason, which events and copies then need not say again. */
export function saysReason(rows: ImageDetails['rows'], reason: string | undefined): boolean {
  return reason !== undefined && rows.some((row) => row.reason?.includes(reason) === true);
}
