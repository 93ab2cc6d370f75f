import { type Call } from './api.js';
import { Emitter } from './emitter.js';
import { Room } from './room.js';
import type { LogEvent, Options, RoomsUpdate, Signalled, State, User } from './types.js';
export interface ChatEvents {
    /** The connection stands otherwise than before. */
    state: State;
    /** What has changed in the list of rooms. RoomList makes a list of it. */
    rooms: RoomsUpdate;
    /** It is known who one is. */
    user: User;
    /** An event of any open room. */
    event: LogEvent;
}
/** A client of one server, for one user. It connects when it is first needed, and stays so until it is closed. */
export declare class Chat extends Emitter<ChatEvents> {
    #private;
    readonly options: Options;
    state: State;
    /** Who one is, once the server has said so. */
    user?: User;
    constructor(options: Options);
    /** Whether there is a connection. */
    get online(): boolean;
    /** The room of an id, always the same object. */
    room(id: string): Room;
    /** Connects, and tries again and again. What uses the connection calls it by itself; call it when somebody has signed in again. */
    connect(): void;
    /** Makes the next attempt now, unless the server has refused one too many; where there is a connection, finds out whether it is alive. */
    hurry(): void;
    /** Closes all rooms, and the connection. What was not sent is kept, and sent once there is another one. */
    close(): void;
    /** Gets new credentials and shows them to the server, without a cut where there is a socket. */
    renew(): Promise<void>;
    /** Follows the list of the user's rooms, told as `rooms`, until the function that it returns is called, or the signal is aborted. */
    watchRooms({ signal }?: Signalled): () => void;
    /** Any call of the API, such as ("PATCH", "rooms/general", {body: {title: "Pub"}}). The path is relative to where the chat is mounted. */
    call(method: string, path: string, options?: Call): Promise<any>;
}
