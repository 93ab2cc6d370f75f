import type { Options } from './types.js';
/** Calls back at the abort of a signal, also of one that is aborted already. Returns what ends that. */
export declare const onAbort: (signal: AbortSignal | undefined, then: (why: any) => void) => (() => void);
/** What ends something: it does so when it is called first, and nothing after that. */
export declare const once: (end: () => void) => (() => void);
/** Resolves after some time, or rejects with the reason of the signal. */
export declare const pause: (ms: number, signal?: AbortSignal) => Promise<void>;
/** Anywhere between nothing and a bound that doubles ("full jitter"), so that those who were lost together do not return together. In ms, at least as asked for. */
export declare const delay: (tries: number, { base, cap }?: Options["backoff"], atLeast?: number) => number;
