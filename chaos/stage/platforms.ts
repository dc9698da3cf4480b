import { randomBytes } from 'node:crypto';

import { startDingTalk } from '../../demo/notification-platforms/dingtalk.js';
import type { Platform } from '../../demo/notification-platforms/platform-server.js';
import type { RateRule } from '../../demo/notification-platforms/rate-rule.js';
import { startWebhook } from '../../demo/notification-platforms/webhook.js';

/** Strict stand-ins of what people are notified by; they run as long as the stage. */
export interface ChaosPlatforms {
  /** Each message has an ID, and repetitions have the same one. */
  readonly webhook: Platform;
  /** Takes 20 messages a minute, and nothing for ten minutes after one more. */
  readonly robot: Platform & { readonly rate: RateRule };
  /** `whsec_` and base64. */
  readonly webhookSecret: string;
  readonly robotSecret: string;
  stop(): Promise<void>;
}

/** Of the messages that were accepted, one in this number is: its sender gets no answer. */
const unansweredEvery = { webhook: 4, robot: 7 } as const;

export async function startPlatforms(): Promise<ChaosPlatforms> {
  const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`;
  const robotSecret = `SEC${randomBytes(32).toString('hex')}`;
  const webhook = await startWebhook({ secret: webhookSecret });
  const robot = await startDingTalk({ secret: robotSecret });
  leaveUnanswered(webhook, unansweredEvery.webhook);
  leaveUnanswered(robot, unansweredEvery.robot);
  return {
    webhook,
    robot,
    webhookSecret,
    robotSecret,
    async stop() {
      await webhook.stop();
      await robot.stop();
    },
  };
}

function leaveUnanswered(platform: Platform, every: number): void {
  platform.onRequest = () => (platform.received.length % every === 0 ? 'hang-up' : undefined);
}
