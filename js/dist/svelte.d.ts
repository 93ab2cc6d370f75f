import type { Chat, Message, Presence, Room, RoomView, State, Unread, User } from './chat.js';
/** The contract of a Svelte store. */
export interface Readable<T> {
    subscribe(run: (value: T) => void): () => void;
}
export interface MessagesStore extends Readable<readonly Message[]> {
    /** Loads older ones. Resolves to whether there are still more. */
    older(): Promise<boolean>;
}
/** The messages of a room, oldest first, with one's own that are on their way at the end. */
export declare const messages: (room: Room) => MessagesStore;
/** Who else is typing. Call room.typing() at every key. */
export declare const typing: (room: Room) => Readable<readonly User[]>;
/** Who is in the room just now. */
export declare const presence: (room: Room) => Readable<Presence>;
/** What is unread in a room. Call room.read() to mark it. */
export declare const unread: (room: Room) => Readable<Unread>;
/** How things stand with the server. */
export declare const connection: (chat: Chat) => Readable<State>;
/** The rooms that the user has joined. */
export declare const rooms: (chat: Chat) => Readable<readonly RoomView[]>;
