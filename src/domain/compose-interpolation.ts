/**
 * Compose's interpolation of variables (Compose specification, "Interpolation"): `$VAR`, `${VAR}`, `${VAR:-default}`,
 * `${VAR-default}`, `${VAR:?error}`, `${VAR?error}`, `${VAR:+other}`, `${VAR+other}`, with operands interpolated
 * recursively, and `$$` for a dollar sign.
 */

/** The value of a variable. Undefined if it is unset, which is not the same as empty. */
export type Lookup = (name: string) => string | undefined;

export type Interpolated =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Required variables that have no value and no default. Each is replaced by an empty text. */
      readonly unset: readonly string[];
    }
  /** Why the text cannot be interpolated. */
  | {
      readonly kind: 'fault';
      readonly reason: string;
      /** The variable that must be set, if that is the fault. */
      readonly variable?: string | undefined;
    };

/** The length limit also bounds how deep operands can be nested. */
const longestTemplate = 10_000;

const namePattern = /^[_a-z][_a-z0-9]*/i;
const operatorPattern = /^:?[-+?]/;

export function interpolate(template: string, lookup: Lookup): Interpolated {
  if (template.length > longestTemplate) {
    return { kind: 'fault', reason: `it has ${template.length} characters, the limit is ${longestTemplate}` };
  }
  const unset = new Set<string>();
  try {
    const text = substitute(template, lookup, unset);
    return { kind: 'text', text, unset: [...unset] };
  } catch (error) {
    if (error instanceof InterpolationFault) {
      const { message: reason, variable } = error;
      return { kind: 'fault', reason, variable };
    }
    throw error;
  }
}

class InterpolationFault extends Error {
  readonly variable: string | undefined;

  constructor(message: string, variable?: string) {
    super(message);
    this.variable = variable;
  }
}

function substitute(template: string, lookup: Lookup, unset: Set<string>): string {
  let text = '';
  let position = 0;
  while (position < template.length) {
    const dollar = template.indexOf('$', position);
    if (dollar < 0) return text + template.slice(position);
    text += template.slice(position, dollar);

    const rest = template.slice(dollar + 1);
    const name = namePattern.exec(rest)?.[0];
    if (rest.startsWith('$')) {
      text += '$';
      position = dollar + 2;
    } else if (rest.startsWith('{')) {
      const end = closingBrace(template, dollar + 1);
      text += expression(template.slice(dollar + 2, end), lookup, unset);
      position = end + 1;
    } else if (name !== undefined) {
      text += valueOf(name, lookup, unset);
      position = dollar + 1 + name.length;
    } else {
      // A dollar sign before any other character is literal, as in Compose.
      text += '$';
      position = dollar + 1;
    }
  }
  return text;
}

/** Evaluates the text between the braces: a name, optionally with an operator and its operand. */
function expression(inside: string, lookup: Lookup, unset: Set<string>): string {
  const name = namePattern.exec(inside)?.[0];
  if (name === undefined) throw new InterpolationFault(`"\${${inside}}" does not start with a variable name`);
  const rest = inside.slice(name.length);
  if (rest === '') return valueOf(name, lookup, unset);

  const operator = operatorPattern.exec(rest)?.[0];
  if (operator === undefined) {
    throw new InterpolationFault(`"\${${inside}}" has neither "}" nor one of :- - :? ? :+ + after ${name}`);
  }
  const operand = rest.slice(operator.length);
  const value = lookup(name);
  const present = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  switch (operator.at(-1)) {
    case '-':
      return present ? (value ?? '') : substitute(operand, lookup, unset);
    case '+':
      return present ? substitute(operand, lookup, unset) : (value ?? '');
    default: {
      if (present) return value ?? '';
      const why = substitute(operand, lookup, unset);
      throw new InterpolationFault(`the variable ${name} must be set${why === '' ? '' : `: ${why}`}`, name);
    }
  }
}

function valueOf(name: string, lookup: Lookup, unset: Set<string>): string {
  const value = lookup(name);
  if (value === undefined) unset.add(name);
  return value ?? '';
}

/** @param open position of the opening brace; braces in between must be balanced */
function closingBrace(template: string, open: number): number {
  let depth = 0;
  for (let position = open; position < template.length; position += 1) {
    if (template[position] === '{') depth += 1;
    if (template[position] === '}') depth -= 1;
    if (depth === 0) return position;
  }
  throw new InterpolationFault(`"${template.slice(open - 1)}" has no closing brace`);
}

/** A text with the values of its variables, or why it is not known. */
export type KnownText = { readonly text: string } | { readonly gap: string };

/** Interpolates a text that is not known while a variable without a default has no value. */
export function knownText(template: string, lookup: Lookup): KnownText {
  const read = interpolate(template, lookup);
  if (read.kind === 'fault') return { gap: read.reason };
  return read.unset.length === 0
    ? { text: read.text }
    : { gap: `${read.unset.join(', ')} has no value and no default` };
}

/** Returns the variables that a text requires and that have neither a value nor a default. */
export function missingVariables(template: string, lookup: Lookup): readonly string[] {
  const read = interpolate(template, lookup);
  if (read.kind === 'text') return read.unset;
  return read.variable === undefined ? [] : [read.variable];
}
