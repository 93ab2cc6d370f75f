import type { Options } from './types.js';
export interface Call {
    query?: object;
    body?: object;
    key?: string;
    signal?: AbortSignal;
    /** The answer is a stream: only its beginning is waited for. */
    stream?: boolean;
}
export interface Api {
    address(path: string, query?: object): URL;
    /** The token to show. With refused, another one than that. Nothing is known where it is undefined. */
    token(refused?: string): Promise<string | undefined>;
    call(method: string, path: string, options?: Call): Promise<any>;
}
/** Calls expiring where it is told when a token ends, in ms since 1970. */
export declare const makeApi: (o: Options, expiring: (at: number) => void) => Api;
