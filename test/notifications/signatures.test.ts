import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import {
  dingTalkSignature,
  feishuSignature,
  webhookKeys,
  webhookSignature,
} from '../../src/notifications/signatures.js';

// Computed with OpenSSL 3: printf '%s\n%s' TIMESTAMP SECRET | openssl dgst -sha256 -hmac SECRET -binary | base64
test('the signature of DingTalk is that of a fixed vector', () => {
  expect(dingTalkSignature('SEC0123456789abcdef', 1_764_400_000_000)).toBe(
    'ZrQrY44VmWTnPQmS1sqyTQwfXhpFNB5sSmvP6JvOJhs=',
  );
});

// printf '' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '%s\n%s' TIMESTAMP SECRET | od -An -tx1 | tr -d ' \\n') -binary | base64
test('the signature of Feishu is that of a fixed vector: the text is the key, and nothing is signed', () => {
  expect(feishuSignature('feishu-secret', 1_764_400_000)).toBe('NM+tfOxt5bHa8i1eVItWVLJjAL1rbNdg7YyK/yX/kdg=');
});

// The vector of the specification's own libraries.
test('the signature of a webhook is that of the vector of Standard Webhooks', () => {
  const signature = webhookSignature('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    seconds: 1_614_265_330,
    body: '{"test": 2432232314}',
  });

  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('the library of Standard Webhooks verifies a signature by the old and by the new secret', () => {
  const [old, fresh] = ['a', 'b'].map((text) => `whsec_${Buffer.from(text.repeat(32)).toString('base64')}`);
  const body = '{"镜像":"nginx"}';
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = webhookSignature(`${old ?? ''} ${fresh ?? ''}`, { id: 'msg_1', seconds, body });
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(seconds), 'webhook-signature': signature };

  for (const secret of [old, fresh]) expect(new Webhook(secret ?? '').verify(body, headers)).toEqual({ 镜像: 'nginx' });
  expect(() => new Webhook(`whsec_${Buffer.from('c'.repeat(32)).toString('base64')}`).verify(body, headers)).toThrow(
    'No matching signature found',
  );
});

test('a secret of a webhook that is no base64 is refused without its text', () => {
  expect(() => webhookKeys('whsec_not base64!')).toThrow(/^the secret of a webhook must be whsec_/);
  expect(() => webhookKeys('whsec_not-secret')).not.toThrow(/not-secret/);
});
