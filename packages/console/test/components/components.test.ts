import { createElement } from 'react';
import { expect, test } from 'vitest';

import { ActionPreview } from '../../src/actions/action-preview.js';
import { ActionResult } from '../../src/actions/action-result.js';
import { RequestFault } from '../../src/api/request-fault.js';
import type { ImageActionPreview, ListedImage, Progress } from '../../src/api/types.js';
import { FaultNotice } from '../../src/parts/fault-notice.js';
import { MarkedText } from '../../src/parts/marked-text.js';
import { Reason } from '../../src/parts/reason.js';
import { PhaseText } from '../../src/phase/phase-text.js';
import { shown } from './shown.js';

const image = 'docker.io/library/nginx:1.27';
const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>' " & javascript:alert(3)`;
const row = (change: Partial<ListedImage>): Pick<ListedImage, 'image' | 'state' | 'allowanceAt'> => ({
  image,
  state: 'pending',
  ...change,
});
const running: Progress = {
  run: 'run-1',
  phase: 'copying',
  at: 1,
  queued: 0,
  inFlight: 1,
  images: 0,
  pushed: 0,
  waiting: 0,
  retrying: 0,
  blocked: 0,
  working: [image],
  transfers: [],
};
const preview: ImageActionPreview = {
  action: 'retry',
  images: 1_234,
  rows: 1_300,
  sample: [image],
  refused: [{ image: 'ghcr.io/a/b:1', reason: 'it is not wanted' }],
  plan: {
    images: 500,
    isComplete: false,
    there: 10,
    copy: 480,
    unread: 5,
    adopt: 3,
    stopped: 2,
    pulls: 485,
    bytesToRead: 12_300_000_000,
    bytesToSend: 24_600_000_000,
  },
};

test('a row that waits for its pull allowance says until when, in both languages', async () => {
  const at = new Date(2026, 10, 29, 14, 5).getTime();
  const element = createElement(PhaseText, { row: row({ state: 'waiting', allowanceAt: at }) });

  expect((await shown(element)).text).toMatch(/^waiting for the pull allowance until (02:05 PM|14:05)$/);
  expect((await shown(element, { language: 'zh-CN' })).text).toBe('等待拉取额度，直到 14:05');
});

test('the phase of a row follows the progress of the run', async () => {
  const element = createElement(PhaseText, { row: row({}) });
  const transfer = {
    image,
    bytesRead: 5,
    bytesTotal: 10,
    readRate: 1,
    targets: [{ target: 'a', state: 'moving' as const, bytesDone: 5, bytesTotal: 10, layers: [] }],
  };

  expect((await shown(element)).text).toBe('at the next sync run');
  expect((await shown(element, { progress: running })).text).toBe('planning');
  expect((await shown(element, { progress: { ...running, transfers: [transfer] } })).text).toBe('copying, 50%');
  expect((await shown(createElement(PhaseText, { row: row({ state: 'pushed' }) }))).text).toBe('');
});

test('the preview of a bulk action says what it will do, what it refuses, and that its figures are a part', async () => {
  const { text } = await shown(createElement(ActionPreview, { preview }));

  for (const part of ['1,234', '1,300', image, 'and 1233 others', '12.3 GB', '24.6 GB', '485']) {
    expect(text).toContain(part);
  }
  expect(text).toContain('The figures are of the first 500 images; the time limit was reached.');
  expect(text).toContain('1 image was refused');
  expect(text).toContain('ghcr.io/a/b:1 is not wanted, or pushed already');
});

test('a preview without figures says why', async () => {
  const { plan: _plan, ...others } = preview;
  const { text } = await shown(
    createElement(ActionPreview, { preview: { ...others, planFault: 'no target is configured' } }),
  );

  expect(text).toContain('How much would be copied is not known no target is configured');
});

test('the result of an action whose sync run could not be requested is no success', async () => {
  const result = { action: 'retry', images: 2, rows: 2, refused: [], syncRequested: false, fault: 'Temporal is away' };
  const { text } = await shown(createElement(ActionResult, { result: { ...result, action: 'retry' } }));

  expect(text).toContain('2 images are pending again');
  expect(text).toContain('The rows changed, but no sync run was requested');
  expect(text).toContain('Temporal is away');
});

test.each([
  ['the reason of a fault', createElement(Reason, { code: 'denied', reason: hostile })],
  ['an answer of the server', createElement(FaultNotice, { error: new RequestFault(422, hostile) })],
  ['a sentence of the documentation', createElement(MarkedText, { text: `\`${hostile}\` ${hostile}` })],
  [
    'the name of an image',
    createElement(ActionPreview, {
      preview: { ...preview, sample: [hostile], refused: [{ image: hostile, reason: hostile }], planFault: hostile },
    }),
  ],
])('HTML in %s is text, and no element', async (_where, element) => {
  const { html } = await shown(element);

  expect(html).toContain('&lt;script&gt;');
  expect(html).not.toMatch(/<script|<img|onerror="/);
});
