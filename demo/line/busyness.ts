/** How busy the event loop of this process is. */
export interface Busyness {
  /** The busiest second since the start or the last `clear()`, 0 to 1. */
  busiest(): number;
  clear(): void;
  stop(): void;
}

const windowMs = 1000;

export function watchBusyness(): Busyness {
  let busiest = 0;
  let last = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    busiest = Math.max(busiest, performance.eventLoopUtilization(now, last).utilization);
    last = now;
  }, windowMs);
  timer.unref();
  return {
    busiest: () => busiest,
    clear() {
      busiest = 0;
    },
    stop: () => clearInterval(timer),
  };
}
