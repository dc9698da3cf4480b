import { auditSuite } from './audit-suite.js';
import { bulkOutcomeSuite } from './bulk-outcome-suite.js';
import { eventsSuite } from './events-suite.js';
import { growthSuite } from './growth-suite.js';
import { imageListSuite } from './image-list-suite.js';
import { indexSuite } from './index-suite.js';
import { measureSuite } from './measure-suite.js';
import { migrationSuite } from './migration-suite.js';
import { mirroredSuite } from './mirrored-suite.js';
import { notificationSuite } from './notification-suite.js';
import { outcomeSuite } from './outcome-suite.js';
import { planReadsSuite } from './plan-reads-suite.js';
import { pullBudgetSuite } from './pull-budget-suite.js';
import { smallStoresSuite } from './small-stores-suite.js';
import { statementSuite } from './statement-suite.js';
import { consoleSuite } from './status-suite.js';
import type { PlaceOf } from './store-fixture.js';
import { tagCheckSuite } from './tag-check-suite.js';
import { takeoverSuite } from './takeover-suite.js';
import { uploadSuite } from './upload-suite.js';
import { upstreamSuite } from './upstream-suite.js';
import { wantedImageSuite } from './wanted-image-suite.js';
import { wantedTargetsSuite } from './wanted-targets-suite.js';

/** The same behaviour on every database, seen from one process. */
export function everySuite(placeOf: PlaceOf): void {
  wantedImageSuite(placeOf);
  outcomeSuite(placeOf);
  bulkOutcomeSuite(placeOf);
  smallStoresSuite(placeOf);
  statementSuite(placeOf);
  planReadsSuite(placeOf);
  pullBudgetSuite(placeOf);
  tagCheckSuite(placeOf);
  auditSuite(placeOf);
  growthSuite(placeOf);
  eventsSuite(placeOf);
  notificationSuite(placeOf);
  indexSuite(placeOf);
  consoleSuite(placeOf);
  imageListSuite(placeOf);
  measureSuite(placeOf);
  takeoverSuite(placeOf);
  migrationSuite(placeOf);
  mirroredSuite(placeOf);
  uploadSuite(placeOf);
  upstreamSuite(placeOf);
  wantedTargetsSuite(placeOf);
}
