import { copyTables } from './migrations/0003-copies.js';
import { historyTables } from './migrations/0004-history.js';
import { pullTables } from './migrations/0005-pull-budgets.js';
import { upstreamTable } from './migrations/0006-upstreams.js';
import { uploadTables } from './migrations/0008-uploads.js';
import { auditTables } from './migrations/0009-audits.js';
import { notificationTables } from './migrations/0010-notifications.js';
import { upstreamReleaseTable } from './migrations/0011-upstream-releases.js';
import { consoleTables } from './migrations/0012-console.js';
import type { TableShape } from './table-shape.js';

/** The tables of the ferry alone, beside the two that it shares with the older scripts. */
export const ownTables: readonly TableShape[] = [
  ...copyTables,
  ...historyTables,
  ...pullTables,
  upstreamTable,
  ...uploadTables,
  ...auditTables,
  ...notificationTables,
  upstreamReleaseTable,
  ...consoleTables,
];
