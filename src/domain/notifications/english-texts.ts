import { printBytes } from '../byte-count.js';
import { printDuration } from '../duration.js';
import { briefReason, properName, shortImage } from './message-texts.js';
import type { MessageTexts } from './message-texts.js';
import type { IncidentFacts, ReleaseFacts } from './notification.js';

export const englishTexts: MessageTexts = {
  details: 'Details in the console',
  incident(facts, time) {
    const { phase, openedAt, overAt = openedAt, reason, code, images, first } = facts;
    if (phase === 'over') {
      return {
        title: overTitle(facts),
        lines: [`It lasted ${printDuration(overAt - openedAt)}, since ${time(openedAt)}.`],
      };
    }
    return {
      title: openTitle(facts),
      lines: [
        ...(reason === '' ? [] : [`Reason: ${code}: ${briefReason(reason)}`]),
        ...(first.length === 0 ? [] : [`Images: ${names(first, images)}`]),
        `Since ${time(openedAt)}.`,
      ],
    };
  },
  run({ images, pushed, waiting, retrying, blocked, failure, first }) {
    return {
      title: failure === undefined ? `A sync run left ${count(retrying + blocked)} open` : 'A sync run failed',
      lines: [
        `${count(images)}: ${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked.`,
        ...(failure === undefined ? [] : [`Reason: ${briefReason(failure)}`]),
        ...(first.length === 0 ? [] : [`Images: ${names(first, retrying + blocked)}`]),
      ],
    };
  },
  release(facts, time) {
    const { phase, upstream, release, images, openedAt, overAt = openedAt, first } = facts;
    const subject = `${properName(upstream)} ${release}`;
    if (phase === 'over') {
      return {
        title: `${subject} is on ${everyTarget(facts)}: ${news(facts)}`,
        lines: [`Complete since ${time(overAt)}, ${printDuration(overAt - openedAt)} after it was found.`],
      };
    }
    return {
      title: `New release found: ${subject}`,
      lines: [`${count(images)}, ${parts(facts)}: ${names(first, images)}`],
    };
  },
  test: ({ channel, by }) => ({
    title: 'Test message of Image Ferry',
    lines: [`The channel ${channel} works. Requested by ${by}.`],
  }),
  digest: ({ titles }) => ({
    title: `${titles.length} notifications`,
    lines: titles.map((title, position) => `${position + 1}. ${title}`),
  }),
};

function openTitle({ kind, code, target, source, images, what }: IncidentFacts): string {
  const place = target === undefined ? `source ${source ?? ''}` : `target ${target}`;
  switch (kind) {
    case 'target':
      return `Target ${target ?? ''} is away: ${count(images)} ${images === 1 ? 'waits' : 'wait'} for it`;
    case 'allowance':
      return `The pull allowance of ${source ?? ''} is used up: ${count(images)} ${images === 1 ? 'waits' : 'wait'}`;
    case 'retrying':
      return `${count(images)} ${images === 1 ? 'has' : 'have'} been retrying for long: ${place}, ${code}`;
    case 'drift':
      if (code === 'audit-failed') return 'An audit ended early: not all copies were checked';
      return code === 'drift-lost'
        ? `Target ${target ?? ''} lost ${count(images)}`
        : `${count(images)} on target ${target ?? ''} ${images === 1 ? 'was' : 'were'} changed by others`;
    case 'silent':
      return silentTitle(code, what ?? '');
    default:
      return source === '' ? `${images} rows are blocked: ${code}` : `${count(images)} blocked: ${place}, ${code}`;
  }
}

function silentTitle(code: string, what: string): string {
  if (code === 'worker-silent') return `No worker polls the task queue ${what}`;
  return code === 'schedule-missing'
    ? `The schedule ${what} does not exist`
    : `The schedule ${what} has not run when it was due`;
}

function overTitle({ kind, code, target, source, what }: IncidentFacts): string {
  const place = target === undefined ? `source ${source ?? ''}` : `target ${target}`;
  switch (kind) {
    case 'target':
      return `Over: target ${target ?? ''} is back`;
    case 'allowance':
      return `Over: ${source ?? ''} can be pulled from again`;
    case 'drift':
      return code === 'audit-failed'
        ? 'Over: an audit has run to its end'
        : `Over: the copies on target ${target ?? ''} are right again`;
    case 'silent':
      return code === 'worker-silent'
        ? `Over: a worker polls ${what ?? ''} again`
        : `Over: the schedule ${what ?? ''} runs again`;
    case 'retrying':
      return `Over: no image is retrying because of ${place}, ${code}`;
    default:
      return source === '' ? `Over: no row is blocked by ${code}` : `Over: no image is blocked by ${place}, ${code}`;
  }
}

function everyTarget({ targets }: ReleaseFacts): string {
  const [first = '', ...others] = targets;
  if (others.length === 0) return first;
  return others.length === 1 ? 'both targets' : `all ${targets.length} targets`;
}

function news({ images, added, changed, bytes }: ReleaseFacts): string {
  const size = bytes === undefined ? '' : `, ${printBytes(bytes)}`;
  if (added + changed === 0) return `its ${count(images)} ${images === 1 ? 'was' : 'were'} requested before`;
  if (added === 0) return `${count(changed)} changed${size}`;
  return `${count(added)} new${changed === 0 ? '' : `, ${changed} changed`}${size}`;
}

/** What a release brings beside what was requested before. */
function parts({ added, changed }: ReleaseFacts): string {
  const some = [...(added === 0 ? [] : [`${added} new`]), ...(changed === 0 ? [] : [`${changed} changed`])];
  return some.length === 0 ? 'requested before' : some.join(', ');
}

function count(images: number): string {
  return images === 1 ? '1 image' : `${images} images`;
}

function names(first: readonly string[], total: number): string {
  const more = total > first.length ? ` and ${total - first.length} more` : '';
  return `${first.map(shortImage).join(', ')}${more}`;
}
