/** One instruction of a Dockerfile (Dockerfile reference, "Format"), with its lines joined. */
export interface Instruction {
  /** In upper case. */
  readonly name: string;
  /** Options such as `--from=build`, in their order. */
  readonly flags: readonly { readonly name: string; readonly value: string }[];
  readonly rest: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export interface Dockerfile {
  readonly instructions: readonly Instruction[];
  /** Image of the frontend in `# syntax=`, with its line. */
  readonly syntax?: { readonly image: string; readonly line: number } | undefined;
}

const instruction = /^([A-Za-z]+)\s+(.*)$/s;
/** A longer instruction, such as one with an archive in it, names no image behind this. */
const longestInstruction = 100_000;

/** Reads the instructions of a Dockerfile, without comments and without the bodies of here-documents. */
export function readInstructions(text: string): Dockerfile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const { escape, syntax } = readDirectives(lines);
  const instructions: Instruction[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const first = index;
    let whole = lines[index] ?? '';
    if (/^\s*(?:#|$)/.test(whole)) continue;
    while (endsWithEscape(whole, escape) && index + 1 < lines.length && whole.length < longestInstruction) {
      index += 1;
      const next = lines[index] ?? '';
      // Comments and blank lines between continued lines are left out.
      if (!/^\s*(?:#|$)/.test(next)) whole = `${whole.trimEnd().slice(0, -1)}${next}`;
    }
    const [, name = '', after = ''] = instruction.exec(whole.trim()) ?? [];
    for (const ending of hereDocuments(name, after)) index = endOfHereDocument(lines, index, ending);
    if (name !== '') instructions.push({ name: name.toUpperCase(), ...readFlags(after), line: first + 1 });
  }
  return { instructions, syntax };
}

/** Parser directives: comments of the form `# key=value` before everything else. */
function readDirectives(lines: readonly string[]) {
  let escape = '\\';
  let syntax: Dockerfile['syntax'];
  for (const [index, line] of lines.entries()) {
    const [, key = '', value = ''] = /^#\s*([A-Za-z]+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (key === '') break;
    if (key.toLowerCase() === 'escape' && value === '`') escape = '`';
    if (key.toLowerCase() === 'syntax') syntax = { image: value, line: index + 1 };
  }
  return { escape, syntax };
}

function endsWithEscape(line: string, escape: string): boolean {
  return line.trimEnd().endsWith(escape);
}

interface Ending {
  readonly word: string;
  /** `<<-EOF`: the ending may be indented by tabs. */
  readonly isIndented: boolean;
}

function hereDocuments(name: string, text: string): readonly Ending[] {
  if (!/^(?:RUN|COPY|ADD)$/i.test(name)) return [];
  return [...text.matchAll(/<<(-?)\s*(["']?)([A-Za-z_]\w*)\2/g)].map(([, dash, , word = '']) => ({
    word,
    isIndented: dash === '-',
  }));
}

function endOfHereDocument(lines: readonly string[], start: number, { word, isIndented }: Ending): number {
  const found = lines.findIndex(
    (line, index) => index > start && (isIndented ? line.replace(/^\t+/, '') : line) === word,
  );
  // Without an end it is none, such as a shift in `$((1<<N))`.
  return found < 0 ? start : found;
}

function readFlags(text: string): Pick<Instruction, 'flags' | 'rest'> {
  const flags: { readonly name: string; readonly value: string }[] = [];
  let rest = text.trim();
  for (;;) {
    const [whole, name = '', value = ''] = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/.exec(rest) ?? [];
    if (whole === undefined) return { flags, rest };
    flags.push({ name, value });
    rest = rest.slice(whole.length);
  }
}
