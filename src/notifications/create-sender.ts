import type { ChannelKind } from '../domain/notifications/notification.js';
import { dingTalkSender } from './dingtalk.js';
import { emailSender } from './email.js';
import { feishuSender } from './feishu.js';
import type { Sender, SenderOptions } from './sender.js';
import { slackSender } from './slack.js';
import { webhookSender } from './webhook.js';
import { weComSender } from './wecom.js';

const senders: Readonly<Record<ChannelKind, (options: SenderOptions) => Sender>> = {
  dingtalk: dingTalkSender,
  wecom: weComSender,
  feishu: feishuSender,
  slack: slackSender,
  email: emailSender,
  webhook: webhookSender,
};

/** Bytes of titles that a digest holds: what the platform takes, less what its form adds. */
const digestBytes: Readonly<Record<ChannelKind, number>> = {
  dingtalk: 17_000,
  wecom: 3_600,
  feishu: 14_000,
  slack: 2_500,
  email: 100_000,
  webhook: 100_000,
};

/** The sender for the kind of a channel. */
export function createSender(options: SenderOptions): Sender {
  return senders[options.channel.kind](options);
}

export function digestBytesOf(kind: ChannelKind): number {
  return digestBytes[kind];
}
