import type { Chat, Room } from './chat.js';
import { Messages } from './messages.js';
import { People } from './people.js';
import { RoomList } from './rooms.js';
export interface Shared<T> {
    /** The view, while somebody listens. */
    get(): T | undefined;
    subscribe(listener: () => void): () => void;
}
export declare const sharedMessages: (of: Room) => Shared<Messages>;
export declare const sharedPeople: (of: Room) => Shared<People>;
export declare const sharedRooms: (of: Chat) => Shared<RoomList>;
export declare const sharedRoom: (of: Room) => Shared<{
    room: Room;
    on: (type: "change", listener: () => void) => () => void;
    close: () => void;
}>;
