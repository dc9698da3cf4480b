import type { WorkflowInterceptors } from '@temporalio/workflow';

/** Reduces the queue timeout of activities to one second, for activities that have one. */
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
