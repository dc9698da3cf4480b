import type { ConsolePorts } from '../../src/server/v1/v1-api.js';

async function unexpected(): Promise<never> {
  throw new Error('this test does not use it');
}

/** The console's API of a ferry without targets, upstreams and schedules. */
export const emptyConsole: ConsolePorts = {
  work: {
    progress: async () => undefined,
    requestSync: unexpected,
    cancelSync: async () => false,
    schedules: async () => [],
    changeSchedule: async () => false,
    checks: async () => new Map(),
    requestCheck: unexpected,
  },
  actions: { apply: unexpected, preview: unexpected },
  audits: { audit: unexpected, rollback: unexpected, release: unexpected },
  pasted: { parse: unexpected, add: unexpected },
  names: { of: async () => [] },
  targets: { names: [], list: async () => [], check: unexpected },
  releases: { targetsOf: async () => [], compose: unexpected },
  configuration: () => ({ version: '1.2.3', dataFolder: '/data', database: 'ferry.db', values: [], warnings: [] }),
  imagesOf: async () => undefined,
  upstreams: [],
  schedules: [],
  notifications: { channels: async () => [], test: async () => undefined, redeliver: async () => undefined },
};
