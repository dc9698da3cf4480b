import { useFormats } from './formats.js';
import { useNow } from './use-now.js';

interface MomentProps {
  /** UTC milliseconds. */
  readonly at: number;
  readonly form?: 'relative' | 'time' | undefined;
}

/** A time in the viewer's zone; the exact one in its title. */
export function Moment({ at, form = 'relative' }: MomentProps) {
  const formats = useFormats();
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={formats.exactTime(at)}>
      {form === 'time' ? formats.time(at) : formats.relative(at, now)}
    </time>
  );
}
