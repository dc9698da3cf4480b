/**
 * Everything that drives a terminal, breaks or turns a line, or cannot be seen: control characters (C0, DEL, C1), format
 * characters (direction, zero width, tags), separators of lines and paragraphs, halves of characters. Beside them the two
 * fillers that look like nothing.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;
const hiddenButLineEnds = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;
/** GitHub's runners take what stands so at the start of a line, or anywhere, for a command to them. */
const runnerCommandAtStart = /^(\s*):(?=:)/gm;
const runnerCommandAnywhere = /##(?=\[)/g;

/** One line for people: what others wrote in it can neither drive a terminal nor begin another line. */
export function visibleText(text: string): string {
  return withoutCommands(text.replace(hidden, escaped));
}

/** The same for text whose lines are its own. */
export function visibleLines(text: string): string {
  return withoutCommands(text.replace(hiddenButLineEnds, escaped));
}

/** The same for JSON, which says the same data afterwards: its own escapes are used. */
export function visibleJson(json: string): string {
  return json.replace(hiddenButLineEnds, escaped).replace(runnerCommandAnywhere, '#\\u0023');
}

function withoutCommands(text: string): string {
  return text.replace(runnerCommandAtStart, '$1\\u003a').replace(runnerCommandAnywhere, '#\\u0023');
}

/** As JSON and JavaScript write it, `\u001b`. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
