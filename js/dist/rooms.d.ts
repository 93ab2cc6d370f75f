import { Emitter, type Chat, type RoomView } from './chat.js';
export interface RoomListEvents {
    change: readonly RoomView[];
}
/** The rooms that the user has joined, live, by last activity: with what was said last, and what is unread. */
export declare class RoomList extends Emitter<RoomListEvents> {
    #private;
    list: readonly RoomView[];
    /** The list is there. */
    ready: boolean;
    constructor(chat: Chat);
    /** Follows the list no more. */
    close(): void;
}
