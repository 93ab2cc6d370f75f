import { Emitter, type Message, type Room, type Signalled } from './chat.js';
export interface MessagesEvents {
    /** The list is another one. Once for many changes. */
    change: readonly Message[];
}
/** The messages of a room, live. It opens the room, and closes it when it is closed itself, unless others retain it. */
export declare class Messages extends Emitter<MessagesEvents> {
    #private;
    /** There are older ones than those of the list. */
    hasMore: boolean;
    /** The newest page is there. */
    ready: boolean;
    constructor(room: Room);
    /** Oldest first, and behind them those of one's own that are on their way. The same array until something changes. */
    get list(): readonly Message[];
    /** Loads the page before the first message. Resolves to whether there are still older ones. */
    older({ limit, signal }?: Signalled & {
        limit?: number;
    }): Promise<boolean>;
    /** Keeps the newest messages only: for rooms that are open for days. */
    trim(keep: number): void;
    /** Follows the room no more. */
    close(): void;
}
