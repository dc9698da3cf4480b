import { chineseTexts } from './chinese-texts.js';
import type { MessageLine } from './cut-text.js';
import { englishTexts } from './english-texts.js';
import type { MessageTexts } from './message-texts.js';
import type { Language, NotificationFacts } from './notification.js';

/** A message in words: one line for the title, then lines of text. */
export interface Message {
  readonly title: string;
  readonly lines: readonly MessageLine[];
}

export interface MessageOptions {
  readonly language: Language;
  /** Address of the console, without a slash at its end. */
  readonly consoleUrl?: string | undefined;
  /** Time zone of the times in texts. */
  readonly timezone: string;
}

/** Puts a notification into words. */
export function messageOf(facts: NotificationFacts, { language, consoleUrl, timezone }: MessageOptions): Message {
  const texts: MessageTexts = language === 'zh-CN' ? chineseTexts : englishTexts;
  const time = (at: number): string => printTime(at, timezone);
  const { title, lines } = texts[facts.about](facts as never, time);
  const path = pathOf(facts);
  const link =
    consoleUrl === undefined || path === undefined ? [] : [{ text: texts.details, href: `${consoleUrl}${path}` }];
  return { title, lines: [...lines.map((text) => ({ text })), ...link] };
}

/** Page of the console that shows more. */
function pathOf(facts: NotificationFacts): string | undefined {
  switch (facts.about) {
    case 'incident':
      return pathOfIncident(facts);
    case 'run':
      return `/runs/${encodeURIComponent(facts.run)}`;
    case 'release':
      return '/upstreams';
    default:
      return '/notifications';
  }
}

function pathOfIncident({ kind, code }: Extract<NotificationFacts, { about: 'incident' }>): string {
  if (kind === 'silent') return code === 'worker-silent' ? '/' : '/schedules';
  if (kind === 'target') return '/targets';
  return kind === 'drift' ? '/images' : `/images?code=${encodeURIComponent(code)}`;
}

/** `2026-11-29 14:03`, in the time zone of the channel, with its name. */
function printTime(at: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')} (${timezone})`;
}
