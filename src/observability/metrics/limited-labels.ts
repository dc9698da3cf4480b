/** The label of everything that came after the limit was reached. */
const others = 'other';

/**
 * Limits the values of a label: each of them is a time series for as long as Prometheus keeps data, and images may come
 * from any number of hosts.
 *
 * @param most values that are kept; later ones become `other`
 */
export function limitedLabels(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return others;
    known.add(value);
    return value;
  };
}
