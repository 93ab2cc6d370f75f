import type { Chat, Message, Presence, Room, RoomView, State, Unread, User } from './chat.js';
export interface MessagesHook {
    /** Oldest first, with one's own that are on their way at the end. */
    messages: readonly Message[];
    /** The newest page is there. */
    ready: boolean;
    hasMore: boolean;
    /** Loads older ones. */
    older(): Promise<boolean>;
    send: Room['send'];
    retry(key: string): void;
    drop(key: string): void;
}
/** The messages of a room, live, and what one does with them. */
export declare const useMessages: (room: Room) => MessagesHook;
/** Who else is typing, and what to call at every key. */
export declare const useTyping: (room: Room) => [typists: readonly User[], typing: () => void];
/** Who is in the room just now. */
export declare const usePresence: (room: Room) => Presence;
/** What is unread in a room, and what marks it as read. */
export declare const useUnread: (room: Room) => Unread & {
    read: (upTo?: string) => void;
};
/** How things stand with the server. */
export declare const useConnection: (chat: Chat) => State;
/** The rooms that the user has joined, live. */
export declare const useRooms: (chat: Chat) => readonly RoomView[];
