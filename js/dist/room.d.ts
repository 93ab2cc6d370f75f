import type { Call } from './api.js';
import type { Chat } from './client.js';
import { Emitter } from './emitter.js';
import type { Entry } from './outbox.js';
import type { Cursor, CustomSignal, Extras, LogEvent, Page, Presence, Receipt, Reset, Signalled, Unread, User } from './types.js';
export interface RoomEvents {
    /** Something of what the room has is other than before: read it anew. Once for many changes. */
    change: Room;
    /** An event of the log, each once and in order. */
    event: LogEvent;
    /** The same, as many at once as have come. */
    events: LogEvent[];
    /** The newest page of the history, from which on events come. It takes the place of what was shown. */
    page: Page;
    /** Events are missing; the page of now came just before. */
    reset: Reset;
    /** All that was stored is here; what comes now is new. */
    live: Cursor;
    /** The room is not to be had any more: room_not_found, forbidden. */
    end: string;
    /** Who is in the room, or what has changed in that. People makes a list of it. */
    presence: Presence;
    /** Others have read further, where the room shows it. */
    receipts: Receipt[];
    /** A signal of the host's own. */
    signal: CustomSignal;
}
export interface OpenOptions extends Signalled {
    /**
     * Where to begin: a cursor, "earliest", "latest", or "saved", which is where this
     * client has read to, if it was given a storage. Without it the newest page of
     * the history is loaded, and what comes after that is followed.
     */
    after?: Cursor | 'earliest' | 'latest' | 'saved';
}
/** A room, live: its log and its signals. Chat.room makes it; it follows nothing before open or retain. */
export declare class Room extends Emitter<RoomEvents> {
    #private;
    readonly chat: Chat;
    readonly id: string;
    /** Those who are typing, oneself not among them. */
    typists: readonly User[];
    unread: Unread;
    /** Up to where the room is read; empty while it is being loaded. */
    cursor: Cursor;
    /** Why the room is not to be had any more. */
    ended?: string;
    /** Rises with every change of what the room has. */
    revision: number;
    /** What one has done and the log has not shown yet, in the order given: messages, and changes of messages. */
    get pending(): readonly Entry[];
    /**
     * Follows the room until it is closed or the signal is aborted. Resolves when it
     * is loaded, and rejects where it is not to be had. A room that is open stays as
     * it is.
     */
    open({ after, signal }?: OpenOptions): Promise<void>;
    /** Follows it no more. What it has stays. */
    close(): void;
    /** Opens the room until as many have released it as have retained it: for components that come and go. */
    retain(options?: OpenOptions): () => void;
    /**
     * Posts a message. It is pending at once, also without a connection, and is sent
     * as often as it takes; in the end it is there exactly once. Resolves to its
     * event; rejects where the server refuses it, and then it stays as failed.
     * Aborting the signal gives it up, if it is not stored yet.
     */
    send(text: string, extras?: Extras & Signalled): Promise<LogEvent>;
    /** The commands below are sent in the same way, but a refusal is only told by the promise. They resolve to undefined where nothing has changed. */
    edit(message: string, text: string, more?: {
        mentions?: string[];
    } & Signalled): Promise<LogEvent | undefined>;
    delete(message: string, more?: Signalled): Promise<LogEvent | undefined>;
    react(message: string, emoji: string, more?: Signalled): Promise<LogEvent | undefined>;
    unreact(message: string, emoji: string, more?: Signalled): Promise<LogEvent | undefined>;
    /** Sends a message again that has failed. */
    retry(key: string): void;
    /** Gives a message up that is pending or has failed. */
    drop(key: string): void;
    /** Says that the user is typing: call it at every key, it is told every 3 seconds at most. */
    typing(): void;
    /** Marks the room as read, up to a cursor or all that has come. It only goes forward, and is told when there is a connection. */
    read(upTo?: Cursor): void;
    /** Tells those who are in the room something of one's own, of a kind that begins with "x.". Nothing of it is stored. */
    signal(kind: string, data: unknown): Promise<void>;
    /** A call of the API on this room, such as ("POST", "join") or ("GET", ""). */
    call(method: string, path: string, options?: Call): Promise<any>;
    /**
     * The events of the log from now on, and a Reset where some are missing. It ends
     * with the room, and rejects when the signal is aborted. A saved cursor moves
     * behind an event when the next is asked for.
     */
    events({ signal }?: Signalled): AsyncGenerator<LogEvent | Reset, void, void>;
    [Symbol.asyncIterator](): AsyncGenerator<LogEvent | Reset, void, void>;
}
