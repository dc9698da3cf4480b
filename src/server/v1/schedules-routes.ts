import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { printPauseNote, readPauseNote } from '../../domain/schedule-note.js';
import { printTiming } from '../../domain/schedule-timing.js';
import type { ScheduleSetting, ScheduleTiming } from '../../domain/schedule-timing.js';
import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import type { CallerEnv, Gate } from './caller.js';
import type { ConsoleWork } from './console-work.js';
import { Schedule, ScheduleChange, ScheduleParams, Schedules } from './schedule-schemas.js';

export interface SchedulesRoutesOptions {
  readonly gate: Gate;
  readonly schedules: readonly ScheduleSetting[];
  readonly work: Pick<ConsoleWork, 'schedules' | 'changeSchedule'>;
}

const getSchedules = createRoute({
  method: 'get',
  path: '/schedules',
  summary: 'The configured schedules with their next times',
  ...bearerToken,
  responses: { 200: json(Schedules, 'Every configured schedule.'), ...problems(401, 429, 500, 503) },
});

const postSchedule = createRoute({
  method: 'post',
  path: '/schedules/{id}/{action}',
  summary: 'Pauses, resumes or triggers a schedule',
  ...bearerToken,
  request: { params: ScheduleParams, body: { required: true, ...json(ScheduleChange, 'why') } },
  responses: {
    200: json(Schedule, 'The schedule now.'),
    ...problems(400, 401, 403, 404, 413, 415, 422, 429, 500, 503),
  },
});

/** Routes of schedules. */
export function schedulesRoutes({ gate, schedules, work }: SchedulesRoutesOptions) {
  return openApiApp<CallerEnv>()
    .openapi({ ...getSchedules, middleware: gate.asReader }, async (context) => {
      return context.json({ items: await scheduleViews(schedules, work) }, 200);
    })
    .openapi(
      { ...postSchedule, middleware: [gate.asOperator, limitedBody(), jsonBody(assertJsonType)] },
      async (context) => {
        const { id, action } = context.req.valid('param');
        const { name } = context.get('caller');
        const setting = schedules.find((one) => one.id === id);
        if (setting === undefined) {
          throw refusal(404, `unknown schedule; configured: ${schedules.map((one) => one.id).join(', ')}`);
        }
        const note = context.req.valid('json').note ?? noteOf(action, name);
        if (!(await work.changeSchedule(id, { action, note }))) {
          throw refusal(404, `${id} is not in Temporal: "ferry schedules ensure" creates it`);
        }
        const [view] = await scheduleViews([setting], work);
        if (view === undefined) throw refusal(404, `${id} is not in Temporal`);
        return context.json(view, 200);
      },
    );
}

/** The configured schedules as Temporal has them. */
export async function scheduleViews(
  settings: readonly ScheduleSetting[],
  work: Pick<ConsoleWork, 'schedules'>,
): Promise<readonly z.infer<typeof Schedule>[]> {
  const views = await work.schedules(settings.map(({ id }) => id));
  const byId = new Map(views.map((view) => [view.id, view]));
  return settings.flatMap(({ id, does, timing }) => {
    const view = byId.get(id);
    if (view === undefined) return [];
    const upstream = does.kind === 'fetch' ? does.upstream : undefined;
    const pausedBy = view.note === undefined ? undefined : readPauseNote(view.note);
    return [{ ...view, kind: does.kind, upstream, timing: printTiming(timing), ...partsOf(timing), pausedBy }];
  });
}

function noteOf(action: string, who: string): string {
  return action === 'pause' ? printPauseNote({ way: 'console', who }) : `${action} in the console by ${who}`;
}

function partsOf(timing: ScheduleTiming): Pick<z.infer<typeof Schedule>, 'every' | 'cron'> {
  if ('cron' in timing) return { cron: { expressions: timing.cron, timezone: timing.timezone ?? 'UTC' } };
  return { every: { ms: timing.everyMs, offsetMs: timing.offsetMs ?? 0 } };
}
