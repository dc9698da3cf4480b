/** Kinds of reasons for sync runs. `other`: the text says it, such as a command or the release of an upstream. */
export const runCauseKinds = [
  'schedule',
  'start',
  'console',
  'push',
  'added',
  'audit',
  'rollback',
  'tried-again',
  'other',
] as const;

/** Why a sync run was requested, for programs: the reasons are stored as text for people. */
export interface RunCause {
  readonly kind: (typeof runCauseKinds)[number];
  /** Values in the text, by name. */
  readonly facts: Readonly<Record<string, string>>;
}

type Facts = RunCause['facts'];

interface Form {
  readonly print: (facts: Facts) => string;
  /** Reads what `print` returns; what the groups match are the facts. */
  readonly read: RegExp;
}

const forms = {
  schedule: { print: () => 'schedule', read: /^schedule$/ },
  start: {
    print: ({ workflow }) => (workflow === undefined ? 'start' : `start of ${workflow}`),
    read: /^start(?: of .+)?$/,
  },
  console: {
    print: ({ who = '', what }) => `console: ${who}${what === undefined ? '' : `: ${what}`}`,
    read: /^console: (?<who>[^:]+)(?:: (?<what>.+))?$/,
  },
  push: {
    print: ({ branch = '', repository = '' }) => `push to ${branch} of ${repository}`,
    read: /^push to (?<branch>\S+) of (?<repository>\S+)$/,
  },
  added: { print: ({ delivery = '' }) => `add-image ${delivery}`, read: /^add-image (?<delivery>.+)$/ },
  audit: {
    print: ({ copies = '' }) => `audit: ${copies === '1' ? '1 copy' : `${copies} copies`} to heal`,
    read: /^audit: (?<copies>\d+) (?:copy|copies) to heal$/,
  },
  rollback: {
    print: ({ image = '', target = '' }) => `rollback of ${image} on ${target}`,
    read: /^rollback of (?<image>\S+) on (?<target>\S+)$/,
  },
  'tried-again': {
    print: ({ images = '' }) => `${images} images are waiting for a source or target`,
    read: /^(?<images>\d+) images are waiting for a source or target$/,
  },
} as const satisfies Readonly<Record<Exclude<RunCause['kind'], 'other'>, Form>>;

/** The reason that is stored. @param facts the values of its text, by name */
export function printRunCause(kind: keyof typeof forms, facts: Facts = {}): string {
  return forms[kind].print(facts);
}

/** Reads what {@link printRunCause} printed; the kind `other` for any other reason. */
export function readRunCause(reason: string): RunCause {
  for (const kind of runCauseKinds) {
    const match = kind === 'other' ? null : forms[kind].read.exec(reason);
    if (match === null) continue;
    const facts = Object.entries(match.groups ?? {}).filter(([, value]) => value !== undefined);
    return { kind, facts: Object.fromEntries(facts) };
  }
  return { kind: 'other', facts: { text: reason } };
}
