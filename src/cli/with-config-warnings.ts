import { MissingDatabase } from '../database/database-fault.js';
import { printMessage } from './output.js';

/** A database that is not found is often the result of a misspelled variable: prints the configuration warnings. */
export async function withConfigWarnings<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MissingDatabase) {
      const { configWarnings } = await import('../config/config-warnings.js');
      for (const note of configWarnings(process.env)) printMessage(`note: ${note}`);
    }
    throw error;
  }
}
