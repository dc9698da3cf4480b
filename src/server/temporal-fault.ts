import { FerryError } from '../domain/ferry-error.js';

/** Why Temporal could not be asked: an answer then has what is known without it. @throws every other error */
export function temporalFault(error: unknown): string {
  if (!(error instanceof FerryError) || error.code !== 'temporal') throw error;
  return error.message;
}
