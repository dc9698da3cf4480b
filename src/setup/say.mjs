const began = Date.now();
const titleWidth = 24;

/**
 * Prints a line of progress on standard error, with the time since the set-up began.
 *
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`[${clock(Date.now() - began)}] ${text}\n`);
}

/**
 * Prints `title ....... message`.
 *
 * @param {string} title
 * @param {string} message
 */
export function announce(title, message) {
  say(`${`${title} `.padEnd(titleWidth, '.')} ${message}`);
}

/**
 * The time since `start` for display: `0.4 s`, `5 min 12 s`.
 *
 * @param {number} start milliseconds since the epoch
 */
export function seconds(start) {
  const passed = (Date.now() - start) / 1000;
  if (passed < 60) return `${passed.toFixed(1)} s`;
  return `${Math.floor(passed / 60)} min ${Math.round(passed % 60)} s`;
}

/**
 * Reports every minute that `what` is still running, so that a long build does not look stuck.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 */
export async function whileSaying(what, work) {
  const start = Date.now();
  const timer = setInterval(() => say(`  still running: ${what} (${seconds(start)})`), 60_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** @param {number} milliseconds */
function clock(milliseconds) {
  const whole = Math.floor(milliseconds / 1000);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}
