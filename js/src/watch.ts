// Whether the other side of a socket is alive: dead connections stay open for
// minutes otherwise. A sleep of the machine, or of a page whose timers are
// throttled, is no silence: the server is asked first.

export interface Watch {
  heard(): void;
  /** Asks now, and waits for the answer for 5 s at most: something has happened. */
  probe(): void;
  stop(): void;
  /** Tells how often the server says something, in ms. */
  every(beat: number): void;
}

/** Calls ping where nothing was heard for a heartbeat, and dead where that is not answered. */
export const watch = (ping: () => void, dead: () => void): Watch => {
  let beat = 4000; // up to the hello: 10 s in all
  let at = Date.now();
  let asked = 0; // when a ping was sent that nobody has answered
  let limit = 0;
  let timer: any;
  const ask = (soon: boolean) => {
    limit = soon ? Math.min(5000, beat) : 1.5 * beat;
    asked = Date.now();
    ping();
  };
  const tick = () => {
    const now = Date.now();
    if (asked && now - asked > limit) return dead();
    if (!asked && now - at >= beat) ask(now - at > 2.5 * beat);
    timer = setTimeout(tick, Math.min(beat / 4, 2500));
  };
  tick();
  return {
    heard: () => {
      at = Date.now();
      asked = 0;
    },
    probe: () => ask(true),
    stop: () => clearTimeout(timer),
    every: (ms) => {
      beat = ms;
      clearTimeout(timer);
      tick();
    },
  };
};
