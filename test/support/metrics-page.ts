/** The samples of a page in Prometheus' text format: values by name and labels, the labels sorted. */
export function seriesOf(text: string): Readonly<Record<string, number>> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map(sampleOf));
}

function sampleOf(line: string): [string, number] {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', labels = '', value = ''] = match;
  const pairs = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([pair]) => pair).toSorted();
  return [pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`, value === '+Inf' ? Infinity : Number(value)];
}
