import { planOfSync } from '../../composition/open-sync-plan.js';
import { readConfig } from '../../config/read-config.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { printMessage } from '../output.js';
import { planJson, planTables } from '../plan-report.js';
import { withConfigWarnings } from '../with-config-warnings.js';

export interface PlanCommandOptions {
  readonly spendPulls?: boolean;
  readonly json?: boolean;
}

/** Shows what a sync run would copy, without copying anything or changing a row. */
export async function planCommand({ spendPulls = false, json = false }: PlanCommandOptions): Promise<number> {
  const config = readConfig(process.env);
  const interruption = interruptible();
  const report = json ? planJson() : planTables();
  try {
    const { signal } = interruption;
    report.end(await withConfigWarnings(async () => await planOfSync(config, report, { spendPulls, signal })));
    return ExitStatus.done;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printMessage('interrupted; nothing was changed');
    return ExitStatus.failed;
  } finally {
    interruption.release();
  }
}
