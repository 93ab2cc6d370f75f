import type { Api } from './api.js';
import type { Cursor, Options } from './types.js';
/** A room as a link sees it. */
export interface Followed {
    readonly id: string;
    /** Where it stands; empty while it is being loaded. */
    readonly cursor: Cursor;
    /** The store that the cursor is of, where that is known. */
    readonly store?: string;
}
/** What a link needs of the client. */
export interface Host {
    readonly options: Options;
    readonly api: Api;
    /** The rooms to follow. */
    rooms(): Followed[];
    /** Whether the list of rooms is followed. */
    lists(): boolean;
    hello(hello: any): void;
    /** Something of a room: events, live, reset, end, or a signal by its name. */
    take(room: string, what: string, data: any): void;
    /** A stream has one order: what it has reached, it has reached in all these rooms. */
    reach(rooms: string[], cursor: Cursor): void;
}
/** Why a link has ended. */
export interface End {
    reason: string;
    /** How long to wait at least, in ms. */
    retry?: number;
    /** It is of no use to come back. */
    final?: boolean;
    /** It was never open. */
    never?: boolean;
}
export interface Link {
    /** Carries out a command; the answer has the event under `event`. It rejects with `lost` where no answer can come any more. */
    run(op: string, fields: object): Promise<any>;
    follow(room: Followed): void;
    unfollow(room: string): void;
    /** Follows the list of rooms, or ends that, as the host says. */
    list(): void;
    /** There is a new token. */
    renew(token: string): void;
    /** Finds out soon whether anybody is there. */
    probe(): void;
    close(): void;
}
/** Makes a connection; done is called once, when it has ended. A ticket says who asks where no header can. */
export type Open = (host: Host, done: (end: End) => void, ticket?: string) => Link;
/** The cursor before everything is a word on the wire: as an id it may have expired. */
export declare const zero: string;
export declare const word: (cursor: Cursor) => string;
