import type { Generated, GeneratedAlways } from 'kysely';

/**
 * The tables as both dialects return them: times in the ferry's own columns are UTC milliseconds, times in the older
 * scripts' columns are text `YYYY-MM-DD HH:MM:SS` in UTC.
 */
export interface FerryTables {
  images_for_push: ImagesForPush;
  pushed_images: PushedImagesTable;
  image_copies: ImageCopies;
  pushed_platforms: PushedPlatforms;
  target_names: TargetNamesTable;
  blob_locations: BlobLocationsTable;
  deliveries: DeliveriesTable;
  runs: RunsTable;
  run_outcomes: RunOutcomes;
  source_budgets: SourceBudgets;
  source_pulls: SourcePullsTable;
  upload_sessions: UploadSessionsTable;
  host_habits: HostHabitsTable;
  upstreams: UpstreamsTable;
  upstream_releases: UpstreamReleasesTable;
  events: EventsTable;
  requests: RequestsTable;
  notification_incidents: NotificationIncidentsTable;
  notification_members: NotificationMembersTable;
  notifications: NotificationsTable;
  notification_attempts: NotificationAttemptsTable;
  notification_channels: NotificationChannelsTable;
  notification_cursors: NotificationCursorsTable;
  upstream_checks: UpstreamChecksTable;
  ended_sessions: EndedSessionsTable;
  audits: AuditsTable;
  audit_findings: AuditFindingsTable;
}

export interface ImagesForPush {
  id: Generated<number>;
  source_registry_url: string | null;
  orig_name_space: string | null;
  orig_image_name: string | null;
  add_time: string | null;
  platform: string | null;
  push_status: number | null;
  /** The status that the ferry last wrote or read. If `push_status` differs, another program set it. */
  ferry_status: number | null;
  image_key: string | null;
  duplicate_of: number | null;
  image: string | null;
  source_digest: string | null;
  checked_at: number | null;
  first_missing_at: number | null;
  blocked_code: string | null;
  blocked_reason: string | null;
  /** JSON of `RequestedBy`. */
  requested_by: string | null;
  /** Computed: how `requested_by` begins if an upstream requested it, for an index. */
  announced_by: GeneratedAlways<string | null>;
  requested_at: number | null;
  /** Computed by the database: `requested_at` of a pending row if that request has no outcome yet. */
  asked_at: GeneratedAlways<number | null>;
  /** Computed: 1 if the row has no identity yet. Refused rows have none either, but are read again only if they become pending. */
  is_unread: GeneratedAlways<number | null>;
  /** Computed: 1 if another program made the row pending, perhaps by NULL. */
  is_reset: GeneratedAlways<number | null>;
  /** Computed: 1 if another program marked the row as pushed, and the ferry has not verified it on every target. */
  is_claimed: GeneratedAlways<number | null>;
  /** 1: a person forces a copy, even if the targets have the image from an older script. */
  force_copy: number | null;
  note: string | null;
  /** JSON list of names of targets; NULL: all of them. */
  targets: string | null;
  /** When the ferry itself last verified it on all of its targets; NULL: only another program recorded it. */
  verified_at: number | null;
}

export interface PushedImagesTable {
  id: Generated<number>;
  source_registry_url: string | null;
  target_registry_url: string | null;
  orig_name_space: string | null;
  orig_image_name: string | null;
  targ_name_space: string | null;
  push_time: string | null;
  registry_image_name: string | null;
  push_status: number | null;
  image_size: string | number | null;
  digest: string | null;
  platform: string | null;
  /** sha256 of the canonical name on the target; NULL on a second row for the same name. */
  name_key: string | null;
  /** Canonical source image; '' if the row does not identify one. */
  image: string | null;
  source_digest: string | null;
  /** When the ferry itself last verified that the name points to `digest`; NULL: only another program recorded it. */
  verified_at: number | null;
}

export interface ImageCopies {
  image: string;
  target: string;
  state: string;
  code: string | null;
  reason: string | null;
  reference: string | null;
  digest: string | null;
  source_digest: string | null;
  attempts: number;
  last_tried_at: number;
  /** When the ferry itself last pushed it; NULL when it never did. */
  last_pushed_at: number | null;
  replaced: string | null;
  /** The name of the backup on the target. */
  backup: string | null;
  /** JSON list of manifests dropped by the target's policy, with reasons. */
  dropped: string | null;
  /** JSON of the verified properties of `digest` (see `verified-copies.ts`); NULL if they cannot be relied on. */
  verified: string | null;
  /** What an audit found wrong with it (`DriftKind`); NULL: nothing. */
  drift: string | null;
  /** A rollback that was requested: the digest that the tag is to point to. */
  rollback_to: string | null;
  /** JSON of the copy's state before that request (see `before-rollback.ts`); NULL: its state is the present one. */
  before_rollback: string | null;
  /** The digest of a rollback that was refused when it was to be made. */
  refused_rollback: string | null;
  /** The digest at which a rollback holds the tag; NULL: it is not held. */
  held_digest: string | null;
  held_at: number | null;
  /** Who requested the rollback. */
  held_by: string | null;
}

export interface PushedPlatforms {
  pushed_id: number;
  platform: string;
  digest: string;
  size: number;
}

export interface TargetNamesTable {
  /** `host/repository` on the target. */
  target_repository: string;
  target_registry: string;
  /** `host/path` of the source. */
  source_repository: string;
  /** Name of the target; NULL for names from older scripts. */
  target: string | null;
  claimed_at: number;
}

export interface BlobLocationsTable {
  registry: string;
  digest: string;
  repository: string;
  seen_at: number;
}

export interface DeliveriesTable {
  id: string;
  owner: string;
  received_at: number;
}

export interface RunsTable {
  id: string;
  /** JSON list of texts. */
  reasons: string;
  started_at: number;
  finished_at: number | null;
  /** JSON object. */
  summary: string | null;
  /** 1: notifications have considered its end. */
  considered: number | null;
}

export interface RunOutcomes {
  run: string;
  image: string;
  /** '' for the image as a whole. */
  target: string;
  state: string;
  code: string | null;
  reason: string | null;
  reference: string | null;
  digest: string | null;
  source_digest: string | null;
  /** The digest of the name on the target before this run, and the name of its backup. */
  replaced: string | null;
  backup: string | null;
  bytes_read: number;
  bytes_sent: number;
  recorded_at: number;
}

export interface SourceBudgets {
  host: string;
  /** The rate limit source of the host; '' if it does not announce one, and for configured allowances. */
  rate_limit_source: string;
  pulls: number;
  window_ms: number;
  /** When the last pull was counted. */
  acquired_at: number | null;
  /** The last announcement of the source, and its time. */
  remaining: number | null;
  observed_at: number | null;
}

export interface SourcePullsTable {
  host: string;
  rate_limit_source: string;
  /** End of the time slice of the pulls. */
  slice_at: number;
  pulls: number;
}

export interface UploadSessionsTable {
  /** sha256 of registry, repository, tag and digest. */
  upload_key: string;
  registry: string;
  repository: string;
  tag: string;
  digest: string;
  /** `registry/repository:tag`, as in `image_copies`. */
  reference: string;
  /** A capability: it goes to the registry only. */
  location: string;
  is_foreign: number;
  size: number;
  /** Bytes that the registry has confirmed. */
  confirmed: number;
  /** JSON list of `SavedHash`. */
  hashes: string;
  saved_at: number;
}

export interface HostHabitsTable {
  registry: string;
  /** JSON of `UploadHabits`. */
  habits: string;
  learned_at: number;
}

export interface UpstreamsTable {
  name: string;
  /** The last handled release. */
  release_tag: string | null;
  /** ETag of the listing that contained it. */
  etag: string | null;
  /** When that ETag was first received. */
  etag_since: number | null;
  /** SHA-256 of the configuration that it was handled with. */
  fingerprint: string;
  handled_at: number;
  checked_at: number;
}

export interface UpstreamReleasesTable {
  upstream: string;
  release_tag: string;
  /** Path in the repository; NULL together with the text: the upstream has no compose file. */
  compose_path: string | null;
  compose_text: string | null;
  /** JSON list of `{service, image}`. */
  images: string;
  stored_at: number;
}

/** A state change: of an image as a whole, or of its copy on one target. */
export interface EventsTable {
  /** Ascending; readers go on after the last one that they have read. */
  id: Generated<number>;
  at: number;
  /** @see ChangeKind */
  kind: string;
  image: string;
  /** '' for the image as a whole. */
  target: string;
  /** NULL where the ferry knew nothing of it before. */
  from_state: string | null;
  to_state: string;
  code: string | null;
  reason: string | null;
  run: string | null;
  who: string | null;
  /** 1: notifications have considered it. */
  considered: number | null;
}

/** What the server was asked: webhook deliveries, and requests that change something. */
export interface RequestsTable {
  id: Generated<number>;
  at: number;
  /** @see RequestKind */
  kind: string;
  method: string;
  /** Pattern of the route. */
  route: string;
  /** HTTP status of the answer. */
  status: number;
  /** @see RequestOutcome */
  outcome: string;
  event: string | null;
  repository: string | null;
  delivery: string | null;
  who: string | null;
  reason: string | null;
}

/** Images that have one trouble with one cause; or an upstream's release, a silent queue, a silent schedule. */
export interface NotificationIncidentsTable {
  id: Generated<number>;
  /** What ends it: reports of sync runs, of audits of a target, of a release, of a watch. */
  scope: string;
  /** Key of the cause: an open incident of a shared cause is the only one. */
  cause: string;
  /** @see NotificationKind */
  kind: string;
  target: string | null;
  source: string | null;
  code: string;
  reason: string;
  is_shared: number;
  /** The run that opened it. */
  run: string | null;
  what: string | null;
  /** The largest number of images that it had at once. */
  images: number;
  opened_at: number;
  /** 0: not yet. */
  announced_at: number;
  /** 0: it is open. */
  over_at: number;
}

export interface NotificationMembersTable {
  incident: number;
  image: string;
}

/** A message to one channel, with the ID that every repetition of it carries. */
export interface NotificationsTable {
  id: Generated<number>;
  message_id: string;
  channel: string;
  /** @see StoredKind */
  kind: string;
  incident: number | null;
  title: string;
  /** JSON of `NotificationFacts`. */
  facts: string;
  /** @see NotificationState */
  state: string;
  created_at: number;
  attempts: number;
  digest: number | null;
  claimed_by: string | null;
  claimed_until: number | null;
  sent_at: number | null;
  /** Of the last attempt. */
  error: string | null;
}

export interface NotificationAttemptsTable {
  id: Generated<number>;
  notification: number;
  at: number;
  took_ms: number | null;
  /** @see AttemptOutcome */
  outcome: string;
  answer: string | null;
}

export interface NotificationChannelsTable {
  name: string;
  /** JSON of `BucketTimes`. */
  buckets: string;
  paused_until: number;
  failures: number;
  last_sent_at: number | null;
}

/** Where notifications begin to consider events and runs, and the last release of each upstream that they know. */
export interface NotificationCursorsTable {
  name: string;
  position: number;
  note: string | null;
}

/** A check of an upstream that has ended. */
export interface UpstreamChecksTable {
  /** Of the workflow run, and of the check in it. */
  id: string;
  upstream: string;
  workflow_id: string;
  run_id: string;
  started_at: number;
  finished_at: number;
  /** Why it failed; NULL: it did not. */
  fault: string | null;
  /** JSON of what it found; NULL of a failed one. */
  report: string | null;
}

/** A session that was signed out: its cookie is refused, though its signature is valid. */
export interface EndedSessionsTable {
  id: string;
  /** After that the cookie is refused anyway. */
  expires_at: number;
}

/** An audit: one check of the pushed copies on their targets. */
export interface AuditsTable {
  id: string;
  started_at: number;
  finished_at: number | null;
  /** Who or what requested it. */
  who: string;
  /** JSON of `AuditScope`. */
  scope: string;
  /** JSON of `AuditSummary`: what is counted so far. */
  summary: string | null;
  /** Why it ended early. */
  failure: string | null;
}

/** A copy that an audit found lost, changed or incomplete. */
export interface AuditFindingsTable {
  audit: string;
  image: string;
  target: string;
  /** @see DriftKind */
  kind: string;
  /** @see DriftAction */
  action: string;
  reference: string;
  /** What the tag should point to, and what it points to. */
  expected: string;
  found: string | null;
  reason: string;
  found_at: number;
  /** When a later run or audit found it right again. */
  healed_at: number | null;
}
