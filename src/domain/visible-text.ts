/**
 * Characters that control a terminal, break or reverse a line, or are invisible: control characters (C0, DEL, C1), format
 * characters (direction, zero width, tags), line and paragraph separators, lone surrogates, and the four invisible fillers.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;
const hiddenButLineEnds = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;
/** GitHub's runners interpret `::` at the start of a line, and `##[` anywhere, as a command. */
const runnerCommandAtStart = /^(\s*):(?=:)/gm;
const runnerCommandAnywhere = /##(?=\[)/g;

/** Makes untrusted text safe to print on one line: it can neither control a terminal nor start another line. */
export function visibleText(text: string): string {
  return withoutCommands(text.replace(hidden, escaped));
}

/** visibleText for text whose line breaks are kept. */
export function visibleLines(text: string): string {
  return withoutCommands(text.replace(hiddenButLineEnds, escaped));
}

/** visibleText for JSON: characters are replaced by JSON escapes, so the data stays the same. */
export function visibleJson(json: string): string {
  return json.replace(hiddenButLineEnds, escaped).replace(runnerCommandAnywhere, '#\\u0023');
}

function withoutCommands(text: string): string {
  return text.replace(runnerCommandAtStart, '$1\\u003a').replace(runnerCommandAnywhere, '#\\u0023');
}

/** Escapes as in JSON and JavaScript, `\u001b`. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
