import { useEffect, useRef, useState } from 'react';

const lookEveryMs = 1_000;

/**
 * Milliseconds since a number last changed here. A server reports a stall when ten seconds have passed, and the report
 * takes seconds more to arrive: the page sees earlier that nothing comes.
 *
 * @param isMoving false: 0
 */
export function useQuietMs(value: number, isMoving: boolean): number {
  const last = useRef({ value, at: Date.now() });
  const [quietMs, setQuietMs] = useState(0);
  useEffect(() => {
    if (last.current.value !== value || !isMoving) {
      last.current = { value, at: Date.now() };
      setQuietMs(0);
    }
    if (!isMoving) return undefined;
    const timer = setInterval(() => setQuietMs(Date.now() - last.current.at), lookEveryMs);
    return () => clearInterval(timer);
  }, [value, isMoving]);
  return quietMs;
}
