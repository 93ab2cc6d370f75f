import { type Chat, type Cursor, type LogEvent, type Member, type Message, type Overview, type Page, type PageQuery, type Room, type RoomSettings, type RoomView, type Signalled, type Status } from './chat.js';
/** Repeats a call as long as it fails in a way that may pass. It rejects with the error that is for good, or the reason of the signal. */
export declare const patient: <T>({ options }: Chat, call: () => Promise<T>, { signal }?: Signalled) => Promise<T>;
/** Makes a room: its id is that of the event's room. */
export declare const createRoom: (chat: Chat, room: {
    id?: string;
    members?: (string | {
        id: string;
        name?: string;
    })[];
} & Partial<RoomSettings>, { signal }?: Signalled) => Promise<LogEvent>;
/** The rooms that the user may see, by last activity. `next` goes into `after`. */
export declare const listRooms: (chat: Chat, { signal, ...query }?: {
    scope?: "mine" | "public";
    limit?: number;
    after?: string;
} & Signalled) => Promise<{
    rooms: RoomView[];
    next: string | null;
    cursor: Cursor;
}>;
/** The messages that mention the user, over all rooms. */
export declare const mentions: (chat: Chat, { signal, ...query }?: {
    before?: Cursor;
    limit?: number;
} & Signalled) => Promise<Page>;
/** Sets what others see of the user. */
export declare const setStatus: (chat: Chat, status: Status, text?: string) => Promise<unknown>;
/** Makes the user a member; that may make the room, if the host lets it. */
export declare const join: (room: Room, { signal }?: Signalled) => Promise<{
    event?: LogEvent;
    users: Member[];
    cursor: Cursor;
}>;
export declare const leave: (room: Room, { signal }?: Signalled) => Promise<{
    event?: LogEvent;
}>;
/** What the room is, and who is in it. */
export declare const overview: (room: Room, { signal }?: Signalled) => Promise<Overview>;
/** One message; with history also the texts that it has had. */
export declare const message: (room: Room, id: string, { signal, history }?: {
    history?: boolean;
} & Signalled) => Promise<Message>;
/** The replies to a message. */
export declare const thread: (room: Room, id: string, { signal, ...query }?: PageQuery & Signalled) => Promise<Page>;
/** Messages that hold all words of q, newest first. A page may be short and still have a `prev`. */
export declare const search: (room: Room, q: string, { signal, ...query }?: {
    before?: Cursor;
    limit?: number;
} & Signalled) => Promise<Page>;
