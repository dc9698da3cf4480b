import type { WorkflowInterceptors } from '@temporalio/workflow';

/** What may be queued only for some time is queued for a second at most. */
export function interceptors(): WorkflowInterceptors {
  return {
    outbound: [
      {
        async scheduleActivity(input, next) {
          const { options } = input;
          if (options.scheduleToStartTimeout === undefined) return await next(input);
          return await next({ ...input, options: { ...options, scheduleToStartTimeout: '1s' } });
        },
      },
    ],
  };
}
