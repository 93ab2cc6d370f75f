import { Emitter, type Presence, type Receipt, type Room } from './chat.js';
export interface PeopleEvents {
    /** Somebody has come, gone, or changed. */
    change: People;
    /** Somebody has read further. */
    receipts: readonly Receipt[];
}
/** Who is in a room just now, live. It opens the room as Messages does. */
export declare class People extends Emitter<PeopleEvents> {
    #private;
    /** Above 100 only the count is told, and users is empty. */
    presence: Presence;
    /** How far others have read, where the room shows it. */
    receipts: readonly Receipt[];
    constructor(room: Room);
    /** Follows them no more. */
    close(): void;
}
