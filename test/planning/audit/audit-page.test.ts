import { expect, test } from 'vitest';

import { auditPage } from '../../../src/planning/audit/audit-page.js';
import type { AuditPorts } from '../../../src/planning/audit/audit-page.js';
import { HostPace } from '../../../src/planning/audit/host-pace.js';
import { targets } from '../../database/store-fixture.js';

const unused = (): never => {
  throw new TypeError('nothing is to be asked');
};

const ports: AuditPorts = {
  audits: { copies: unused, record: unused },
  engine: { head: unused, contents: unused, reach: unused },
  pulls: { acquire: unused },
  pace: new HostPace(1_000),
  targets,
  audit: { mode: 'heal', deepShare: 1, requestsPerSecond: 1_000 },
};

test.each([{ named: ['aliyun', 'nowhere'] }, { named: [] }])(
  'an audit of targets that the worker does not know, or of none, fails instead of finding nothing: %j',
  async ({ named }) => {
    const query = { audit: 'audit-1', startedAt: 0, scope: { targets: named, deep: false } };

    await expect(auditPage(ports, query, new AbortController().signal)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('configured on this worker: aliyun, private') as string,
    });
  },
);
