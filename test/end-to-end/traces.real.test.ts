import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { FerryUpProcess } from '../../demo/ferry-process.js';
import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import type { OtlpReceiver, ReceivedSpan } from '../support/otlp-receiver.js';

const webhookSecret = 'a-secret-of-the-webhooks';
const registryPassword = 'a-password-of-the-target';
const collectorToken = 'a-token-of-the-collector';

describe('traces of the whole ferry', () => {
  let receiver: OtlpReceiver;
  let source: RegistryServer;
  let own: RegistryServer;
  let stage: FerryStage;
  let up: FerryUpProcess;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    source = await startRegistry({ kind: 'distribution' });
    own = await startRegistry({ kind: 'distribution' });
    stage = makeFerryStage({
      configuration: { hosts: { [source.host]: { scheme: 'http' } } },
      environment: {
        MY_REGISTRY: own.url,
        MY_REGISTRY_USER: 'ferry',
        MY_REGISTRY_PASSWORD: registryPassword,
        FERRY_WEBHOOK_SECRET: webhookSecret,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${collectorToken}`,
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
    });
    for (const name of ['first', 'second']) {
      // More than what a batch copies itself: the image gets a workflow of its own.
      const image = await makeImage({ name, layers: [9_000_000, 200_000] });
      await pushImage(source, { image, repository: `org/${name}`, tag: '1' });
    }
    up = await stage.up();
  }, 120_000);

  afterAll(async () => {
    await stage.clear();
    await Promise.all([source.stop(), own.stop(), receiver.stop()]);
  });

  const ofTrace = (traceId: string): readonly ReceivedSpan[] =>
    receiver.spans.filter((span) => span.traceId === traceId);

  test('one trace leads from a webhook through workflows and activities to the requests to registries', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const response = await deliver('delivery-1', `${source.host}/org/first:1`, {
      'x-request-id': 'request-of-the-test.1',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    });
    expect(response.status).toBe(202);
    expect(response.headers.get('x-request-id')).toBe('request-of-the-test.1');

    await receiver.until(() => isCopied(ofTrace(traceId)));

    const spans = ofTrace(traceId);
    const names = new Set(spans.map(({ name }) => name));
    for (const name of [
      'POST /webhooks/github',
      'start AddImage',
      'workflow AddImage',
      'activity addImages',
      'activity requestSync',
      'signal SyncAll.requestSync',
      'activity copyImage',
      'GET blob',
      'PUT manifest',
    ]) {
      expect(names).toContain(name);
    }
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['image-ferry-server', 'image-ferry-worker']));
    // Each span is below another one of the trace, except the first, which is below the sender's.
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const above = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)).map(({ parentSpanId }) => parentSpanId);
    expect([...new Set(above)].filter((id) => id !== 'b7ad6b7169203331' && !isOfOpenWorkflow(id))).toEqual([]);
    const requests = spans.filter(
      ({ attributes }) => 'http.request.method' in attributes && 'ferry.side' in attributes,
    );
    expect(requests.length).toBeGreaterThan(8);
    expect(requests.every(({ attributes }) => attributes['server.address'] === '127.0.0.1')).toBe(true);
    const copies = spans.filter(({ name }) => name === 'activity copyImage');
    expect(copies.map(({ attributes }) => attributes['ferry.image'])).toEqual([`${source.host}/org/first:1`]);
  });

  test('no password, token, query, location of an upload or digest is in any of them', () => {
    const text = receiver.text();

    for (const secret of [webhookSecret, registryPassword, collectorToken]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/_state|uploads\/|\/v2\/|authorization|Bearer|Basic|\?/i);
    expect(receiver.headers()).toMatchObject({ authorization: `Bearer ${collectorToken}` });
  });

  test('the request ID of the webhook is in the log of the server and of the activities', () => {
    const lines = (name: string): readonly { readonly requestId?: string; readonly msg: string }[] =>
      readFileSync(join(stage.folder, 'data', 'logs', `${name}.log`), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { requestId?: string; msg: string });

    const ofServer = lines('server').filter(({ requestId }) => requestId === 'request-of-the-test.1');

    expect(ofServer.map(({ msg }) => msg)).toEqual(['delivery accepted', 'request answered']);
  });

  test('a request ID that could forge a line of a log is replaced', async () => {
    const response = await deliver('delivery-2', `${source.host}/org/first:1`, { 'x-request-id': 'a "b" c' });

    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a command begins a trace, with its own registry requests or those of the workflows that it starts', async () => {
    const added = await stage.ferry('add', `${source.host}/org/second:1`);
    expect(added.status).toBe(0);
    const isAdd = ({ name }: ReceivedSpan): boolean => name === 'ferry add';
    await receiver.until((spans) => spans.some(isAdd));
    const traceId = receiver.spans.find(isAdd)?.traceId ?? '';

    await receiver.until(() => ofTrace(traceId).some(({ name }) => name === 'activity requestSync'));
    const copied = await stage.ferry('copy', `${source.host}/org/second:1`, `${own.host}/by-hand/second:1`);
    await receiver.until((spans) => spans.some(({ name }) => name === 'ferry copy'));

    expect(copied.status).toBe(0);
    const copy = receiver.spans.find(({ name }) => name === 'ferry copy');
    const below = ofTrace(copy?.traceId ?? '').filter(({ parentSpanId }) => parentSpanId === copy?.spanId);
    expect(below.map(({ name }) => name)).toContain('PUT manifest');
    expect(copy?.service).toBe('image-ferry-cli');
  });

  function isCopied(spans: readonly ReceivedSpan[]): boolean {
    const names = spans.map(({ name }) => name);
    return ['activity copyImage', 'activity recordImage', 'workflow AddImage'].every((name) => names.includes(name));
  }

  /** `SyncAll` ends later than its activities. */
  function isOfOpenWorkflow(spanId: string): boolean {
    const below = receiver.spans.find(({ parentSpanId }) => parentSpanId === spanId);
    return /^(activity|workflow)/.test(below?.name ?? '');
  }

  async function deliver(id: string, image: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const body = JSON.stringify({
      action: 'add-image',
      client_payload: { images: [image] },
      repository: { full_name: 'team/images' },
    });
    return await fetch(`http://${up.httpServer() ?? ''}/webhooks/github`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'repository_dispatch',
        'x-github-delivery': id,
        'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
        ...headers,
      },
    });
  }
});
