import { printBytes } from '../byte-count.js';
import { briefReason, properName, shortImage } from './message-texts.js';
import type { MessageTexts } from './message-texts.js';
import type { IncidentFacts, ReleaseFacts } from './notification.js';

export const chineseTexts: MessageTexts = {
  details: '在控制台查看详情',
  incident(facts, time) {
    const { phase, openedAt, overAt = openedAt, reason, code, images, first } = facts;
    if (phase === 'over') {
      return { title: overTitle(facts), lines: [`持续 ${duration(overAt - openedAt)}，始于 ${time(openedAt)}。`] };
    }
    return {
      title: openTitle(facts),
      lines: [
        ...(reason === '' ? [] : [`原因：${code}：${briefReason(reason)}`]),
        ...(first.length === 0 ? [] : [`镜像：${names(first, images)}`]),
        `始于 ${time(openedAt)}。`,
      ],
    };
  },
  run({ images, pushed, waiting, retrying, blocked, failure, first }) {
    return {
      title: failure === undefined ? `同步任务结束，${retrying + blocked} 个镜像未完成` : '同步任务失败',
      lines: [
        `共 ${images} 个镜像：已推送 ${pushed}，等待 ${waiting}，重试 ${retrying}，阻塞 ${blocked}。`,
        ...(failure === undefined ? [] : [`原因：${briefReason(failure)}`]),
        ...(first.length === 0 ? [] : [`镜像：${names(first, retrying + blocked)}`]),
      ],
    };
  },
  release(facts, time) {
    const { phase, upstream, release, images, openedAt, overAt = openedAt, first } = facts;
    const subject = `${properName(upstream)} ${release}`;
    if (phase === 'over') {
      return {
        title: `${subject} 已同步到${everyTarget(facts)}：${news(facts)}`,
        lines: [`完成于 ${time(overAt)}，距发现新版本 ${duration(overAt - openedAt)}。`],
      };
    }
    return {
      title: `发现新版本：${subject}`,
      lines: [`共 ${images} 个镜像，${parts(facts)}：${names(first, images)}`],
    };
  },
  test: ({ channel, by }) => ({ title: 'Image Ferry 测试消息', lines: [`渠道 ${channel} 可用。发起人：${by}。`] }),
  digest: ({ titles }) => ({
    title: `${titles.length} 条通知汇总`,
    lines: titles.map((title, position) => `${position + 1}. ${title}`),
  }),
};

function openTitle({ kind, code, target, source, images, what }: IncidentFacts): string {
  const place = placeOf(target, source);
  switch (kind) {
    case 'target':
      return `目标仓库 ${target ?? ''} 无法访问：${images} 个镜像等待同步`;
    case 'allowance':
      return `${source ?? ''} 的拉取额度已用完：${images} 个镜像等待同步`;
    case 'retrying':
      return `${images} 个镜像长时间重试：${place}，${code}`;
    case 'drift':
      if (code === 'audit-failed') return '审计中途失败，部分副本未检查';
      return code === 'drift-lost'
        ? `目标仓库 ${target ?? ''} 丢失 ${images} 个镜像`
        : `目标仓库 ${target ?? ''} 上有 ${images} 个镜像被他人改动`;
    case 'silent':
      return silentTitle(code, what ?? '');
    default:
      return source === '' ? `${images} 行记录被阻塞：${code}` : `${images} 个镜像被阻塞：${place}，${code}`;
  }
}

function silentTitle(code: string, what: string): string {
  if (code === 'worker-silent') return `任务队列 ${what} 没有 worker 在工作`;
  return code === 'schedule-missing' ? `定时任务 ${what} 不存在` : `定时任务 ${what} 到时间没有运行`;
}

function overTitle({ kind, code, target, source, what }: IncidentFacts): string {
  const place = placeOf(target, source);
  switch (kind) {
    case 'target':
      return `已恢复：目标仓库 ${target ?? ''} 可以访问`;
    case 'allowance':
      return `已恢复：可以继续从 ${source ?? ''} 拉取`;
    case 'drift':
      return code === 'audit-failed' ? '已恢复：审计已完整执行' : `已恢复：目标仓库 ${target ?? ''} 上的镜像已修复`;
    case 'silent':
      return code === 'worker-silent'
        ? `已恢复：任务队列 ${what ?? ''} 有 worker 在工作`
        : `已恢复：定时任务 ${what ?? ''} 正常运行`;
    case 'retrying':
      return `已恢复：没有镜像因 ${place}，${code} 而重试`;
    default:
      return source === '' ? `已恢复：没有记录因 ${code} 被阻塞` : `已恢复：没有镜像因 ${place}，${code} 被阻塞`;
  }
}

function placeOf(target: string | undefined, source: string | undefined): string {
  return target === undefined ? `源仓库 ${source ?? ''}` : `目标仓库 ${target}`;
}

function everyTarget({ targets }: ReleaseFacts): string {
  const [first = '', ...others] = targets;
  if (others.length === 0) return ` ${first}`;
  return others.length === 1 ? '两个目标仓库' : `全部 ${targets.length} 个目标仓库`;
}

function news({ images, added, changed, bytes }: ReleaseFacts): string {
  const size = bytes === undefined ? '' : `，共 ${printBytes(bytes)}`;
  if (added + changed === 0) return `其 ${images} 个镜像此前均已请求`;
  if (added === 0) return `变更 ${changed} 个镜像${size}`;
  return `新增 ${added} 个镜像${changed === 0 ? '' : `，变更 ${changed} 个`}${size}`;
}

/** What a release brings beside what was requested before. */
function parts({ added, changed }: ReleaseFacts): string {
  const some = [...(added === 0 ? [] : [`新增 ${added} 个`]), ...(changed === 0 ? [] : [`变更 ${changed} 个`])];
  return some.length === 0 ? '此前均已请求' : `其中${some.join('、')}`;
}

function names(first: readonly string[], total: number): string {
  const list = first.map(shortImage).join('、');
  return total > first.length ? `${list} 等 ${total} 个` : list;
}

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), ' 小时'],
    [Math.floor(seconds / 60) % 60, ' 分钟'],
    [seconds % 60, ' 秒'],
  ] as const;
  const text = parts.flatMap(([value, unit]) => (value === 0 ? [] : `${value}${unit}`)).join(' ');
  return text === '' ? '0 秒' : text;
}
