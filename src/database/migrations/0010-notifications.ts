import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/**
 * What people are notified of: incidents with the images that they concern, messages with the attempts to send them, and
 * what all processes share about channels and about how far the sources were read.
 */
export const notificationTables: readonly TableShape[] = [
  {
    name: 'notification_incidents',
    columns: {
      id: { type: 'id' },
      scope: { type: 'text(100)', required: true },
      cause: { type: 'text(400)', required: true },
      kind: { type: 'text(20)', required: true },
      target: { type: 'text(64)' },
      source: { type: 'text(255)' },
      code: { type: 'text(40)', required: true },
      reason: { type: 'long-text', required: true },
      is_shared: { type: 'integer', required: true },
      run: { type: 'text(100)' },
      // A queue, a schedule, or an upstream and its release.
      what: { type: 'text(400)' },
      images: { type: 'integer', required: true },
      opened_at: { type: 'bigint', required: true },
      announced_at: { type: 'bigint', required: true },
      over_at: { type: 'bigint', required: true },
    },
    // Open ones have over_at 0.
    indexes: [{ name: 'idx_incident_over', columns: ['over_at', 'id'] }],
  },
  {
    name: 'notification_members',
    columns: {
      incident: { type: 'bigint', required: true },
      image: { type: 'text(600)', required: true },
    },
    primaryKey: ['incident', 'image'],
    indexes: [{ name: 'idx_member_image', columns: ['image', 'incident'] }],
  },
  {
    name: 'notifications',
    columns: {
      id: { type: 'id' },
      message_id: { type: 'text(64)', required: true },
      channel: { type: 'text(64)', required: true },
      kind: { type: 'text(20)', required: true },
      incident: { type: 'bigint' },
      title: { type: 'text(500)', required: true },
      facts: { type: 'long-text', required: true },
      state: { type: 'text(16)', required: true },
      created_at: { type: 'bigint', required: true },
      attempts: { type: 'integer', required: true },
      // The message that contains this one.
      digest: { type: 'bigint' },
      claimed_by: { type: 'text(255)' },
      claimed_until: { type: 'bigint' },
      sent_at: { type: 'bigint' },
      error: { type: 'long-text' },
    },
    indexes: [
      { name: 'idx_notification_channel', columns: ['channel', 'state', 'id'] },
      { name: 'idx_notification_incident', columns: ['incident', 'id'] },
      { name: 'idx_notification_digest', columns: ['digest', 'id'] },
      { name: 'idx_notification_created', columns: ['created_at'] },
    ],
  },
  {
    name: 'notification_attempts',
    columns: {
      id: { type: 'id' },
      notification: { type: 'bigint', required: true },
      at: { type: 'bigint', required: true },
      took_ms: { type: 'bigint' },
      // started, sent, throttled, failed or refused
      outcome: { type: 'text(16)', required: true },
      answer: { type: 'long-text' },
    },
    indexes: [
      { name: 'idx_attempt_notification', columns: ['notification', 'id'] },
      { name: 'idx_attempt_at', columns: ['at'] },
    ],
  },
  {
    name: 'notification_channels',
    columns: {
      name: { type: 'text(64)', required: true },
      // JSON of `BucketTimes`.
      buckets: { type: 'long-text', required: true },
      paused_until: { type: 'bigint', required: true },
      // Failed attempts since the last message that was sent.
      failures: { type: 'integer', required: true },
      last_sent_at: { type: 'bigint' },
    },
    primaryKey: ['name'],
  },
  {
    name: 'notification_cursors',
    columns: {
      name: { type: 'text(255)', required: true },
      position: { type: 'bigint', required: true },
      note: { type: 'text(500)' },
    },
    primaryKey: ['name'],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of notificationTables) await editor.createTable(shape);
}
