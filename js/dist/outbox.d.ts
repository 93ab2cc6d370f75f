import type { Cursor, Extras, LogEvent, Options } from './types.js';
export interface Entry extends Extras {
    op: 'post' | 'edit' | 'delete' | 'react' | 'unreact';
    room: string;
    key: string;
    /** When it was given, in ms since 1970. */
    at: number;
    /** Whose it is; empty if that was not known yet. */
    user?: string;
    message?: string;
    text?: string;
    emoji?: string;
    status: 'pending' | 'sent' | 'failed';
    error?: {
        code: string;
        message: string;
    };
    /** The event that it became. */
    id?: Cursor;
}
export interface Outbox {
    add(entry: Entry, signal?: AbortSignal): Promise<LogEvent | undefined>;
    /** The commands of a room that its log has not shown, in the order given. */
    of(room: string): Entry[];
    retry(key: string): void;
    drop(key: string, why?: unknown): void;
    /** An event of one's own has come. */
    echo(event: LogEvent): void;
    /** A room is read up to a cursor. */
    reached(room: string, cursor: Cursor): void;
    /** Sends what waits: there is a connection. */
    flush(): void;
    /** It is known who one is: what others have left stays where it is kept. */
    adopt(user: string): void;
}
interface Needs {
    options: Options;
    open(): boolean;
    /** Carries a command out. The answer has the event, if anything has changed. */
    run(entry: Entry): Promise<{
        event?: LogEvent;
    }>;
    /** Up to where the room is shown; nothing where it is not. */
    shown(room: string): Cursor | undefined;
    changed(room: string): void;
}
export declare const makeOutbox: ({ options, open, run, shown, changed }: Needs) => Outbox;
export {};
