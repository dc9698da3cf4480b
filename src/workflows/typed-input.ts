/** People type workflow inputs by hand: an invalid one fails the workflow with a reason, instead of failing its task forever. */
import { ApplicationFailure } from '@temporalio/workflow';

export function refused(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'invalid-input');
}

/**
 * The fields of an input; none if it is missing or `null`.
 *
 * @param expected the message for any other input
 * @throws ApplicationFailure `invalid-input`
 */
export function readFields(input: unknown, expected: string): Readonly<Record<string, unknown>> {
  if (input === undefined || input === null) return {};
  if (typeof input === 'object' && !Array.isArray(input)) return { ...input };
  throw refused(`${expected}, not ${JSON.stringify(input)}`);
}

/**
 * Refuses misspelled fields (`platform` for `platforms`) instead of ignoring them.
 *
 * @throws ApplicationFailure `invalid-input` naming the field
 */
export function refuseUnknownFields(input: unknown, known: readonly string[], expected: string): void {
  if (typeof input !== 'object' || input === null) return;
  const unknown = Object.keys(input).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  throw refused(`${expected}: unknown field "${unknown}"`);
}

/** @throws ApplicationFailure `invalid-input` for anything but a text or nothing */
export function readOptionalText(value: unknown, expected: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw refused(`${expected}, not ${JSON.stringify(value)}`);
}
