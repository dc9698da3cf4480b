// Fails where a tracked file says something in words that an engineer would not search for. Each entry gives the plain
// words to use. Run by `npm run check`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const words = [
  [
    /\b(?:is|are|was|were|be|been|being|gets?) told\b|\btold (?:of|as|by|once|apart)\b|\btells? (?:of|people|somebody)\b/i,
    'reported, receives, says',
  ],
  [/\b(?:nobody|somebody|whoever|whomever)\b/i, 'a user, another process, no one (name who it is)'],
  [/\b(?:leads?|led|leading) to\b/i, 'points to, causes'],
  [/\banew\b/i, 'again, force'],
  [/\b(?:a|the|this|that|such a|slow) road\b/i, 'a connection, a link'],
  [/\bwho may\b/i, 'may, is allowed to'],
  [/\b(?:somebody|someone|nobody) wants\b|\bwants? images\b/i, 'a request, requests'],
  [/\bask(?:s|ed|ing)? for\b/i, 'requests, needs'],
  [
    /\b(?:at most|just|only|after|with|in|by|for) so (?:many|much|long)\b|\bso (?:many|much) (?:at|as it)\b/i,
    'a maximum of N, for N seconds',
  ],
  [/\bso many\b/i, 'a maximum of N, N'],
  [/\b(?:go|goes|went|going|gone) on (?:by itself|with)\b/i, 'continues, resumes'],
  [/\bby itself\b/i, 'automatically, without action'],
  [/\b(?:is|are|was|were) (?:not )?to be had\b|\bcan be had\b/i, 'is (not) available'],
  [/\bbelongs? into\b/i, 'belongs in'],
  [/\b(?:wish|wishes|wished)\b/i, 'request'],
  [/\bowed\b|\bowing\b/i, 'missing, required'],
  [/\bpark(?:s|ed|ing)?\b/i, 'block, blocked'],
  [/\b(?:a|the|each|every|next|last|this|that|one|another|sync) pass(?:'s)?\b|\bpasses over\b/i, 'sync run, run'],
  [/\b(?:a|the|each|every|next|last|this|that|one|another) rounds?\b(?![- ]trips?\b)/i, 'attempt'],
  [/\bunder way\b/i, 'in flight, in progress'],
  [/\bmoods?\b/i, 'learned capabilities'],
];

/** Recorded data, and files whose words are not the project's own. */
const notOurs =
  /^(?:LICENSE|package-lock\.json|scripts\/check-words\.mjs|test\/histories\/|test\/upstreams\/(?:data|compose-go)\/|.*\.zh-CN\.md$)/;
const text = /\.(?:ts|tsx|mjs|cjs|js|json|md|ya?ml|sh|service|example|css|html)$|(?:^|\/)(?:Dockerfile|ferry)$/;

const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && text.test(file) && !notOurs.test(file));
const found = files.flatMap((file) => faultsOf(file, readFileSync(file, 'utf8')));
for (const line of found) console.error(line);
if (found.length > 0) {
  console.error(`\n${found.length} places use words that CONTRIBUTING.md ("Plain English") forbids.`);
  process.exitCode = 1;
}

function faultsOf(file, content) {
  return content.split('\n').flatMap((line, index) =>
    words.flatMap(([pattern, instead]) => {
      const match = pattern.exec(line);
      return match === null ? [] : [`${file}:${index + 1}: "${match[0]}": write ${instead}`];
    }),
  );
}
