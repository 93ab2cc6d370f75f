import type { Options } from './types.js';

/** Calls back at the abort of a signal, also of one that is aborted already. Returns what ends that. */
export const onAbort = (signal: AbortSignal | undefined, then: (why: any) => void): (() => void) => {
  const heard = () => then(signal!.reason);
  if (signal?.aborted) heard();
  signal?.addEventListener('abort', heard);
  return () => signal?.removeEventListener('abort', heard);
};

/** What ends something: it does so when it is called first, and nothing after that. */
export const once = (end: () => void): (() => void) => {
  let ended = false;
  return () => {
    if (!ended) end();
    ended = true;
  };
};

/** Resolves after some time, or rejects with the reason of the signal. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => (off(), resolve()), ms);
    const off = onAbort(signal, (why) => (clearTimeout(timer), reject(why)));
  });

/** Anywhere between nothing and a bound that doubles ("full jitter"), so that those who were lost together do not return together. In ms, at least as asked for. */
export const delay = (tries: number, { base = 1000, cap = 30_000 }: Options['backoff'] = {}, atLeast = 0): number =>
  Math.max(atLeast, Math.random() * Math.min(cap, base * 2 ** tries));
