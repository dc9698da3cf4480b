const began = Date.now();
const titleWidth = 24;

/** One line of talk, after the time since the set-up began. */
export function say(text) {
  console.log(`[${clock(Date.now() - began)}] ${text}`);
}

/** `title ....... news` */
export function announce(title, news) {
  say(`${`${title} `.padEnd(titleWidth, '.')} ${news}`);
}

/** Time since `start` (milliseconds since the epoch), for people: `0.4 s`, `5 min 12 s`. */
export function seconds(start) {
  const passed = (Date.now() - start) / 1000;
  if (passed < 60) return `${passed.toFixed(1)} s`;
  return `${Math.floor(passed / 60)} min ${Math.round(passed % 60)} s`;
}

/** Says every minute that `what` is still going on, so that a long build does not look hung. */
export async function whileSaying(what, work) {
  const start = Date.now();
  const timer = setInterval(() => say(`  still busy with ${what}, ${seconds(start)} so far`), 60_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

function clock(milliseconds) {
  const whole = Math.floor(milliseconds / 1000);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}
