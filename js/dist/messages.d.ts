import { Emitter, type ChatError, type Message, type Room, type Signalled } from './chat.js';
export interface MessagesEvents {
    /** The list is another one. Once for many changes. */
    change: readonly Message[];
}
/** The messages of a room, live, or of a thread in it. It opens the room, and closes it when it is closed itself, unless others retain it. */
export declare class Messages extends Emitter<MessagesEvents> {
    #private;
    /** There are older ones than those of the list. */
    hasMore: boolean;
    /** The newest page is there. */
    ready: boolean;
    /** Why there is nothing to show: the thread is not to be had. Of a room, that is told by the room. */
    error?: ChatError;
    /** With a thread it has the message that began it, first, and the replies. */
    constructor(room: Room, { thread }?: {
        thread?: string;
    });
    /** Oldest first, and behind them those of one's own that are on their way. Changes of one's own that are on their way are in it, too. The same array until something changes. */
    get list(): readonly Message[];
    /** Loads the page before the first message, or reply. Resolves to whether there are still older ones. */
    older({ limit, signal }?: Signalled & {
        limit?: number;
    }): Promise<boolean>;
    /** Keeps the newest messages only: for rooms that are open for days. */
    trim(keep: number): void;
    /** Follows the room no more. */
    close(): void;
}
