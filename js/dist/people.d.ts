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
    /** It is known who is there. */
    ready: boolean;
    /** When those who are not there last were, by their ids, as far as it was told. See load. */
    lastSeen: Map<string, string>;
    /** How far others have read, where the room shows it: of those who have moved since, and of all after loadReceipts. */
    receipts: readonly Receipt[];
    constructor(room: Room);
    /** Asks who is there, and when the others last were. */
    load(): Promise<void>;
    /** Asks how far all have read: once, and again when the room is live again. It rejects where the room does not show it. */
    loadReceipts(): Promise<void>;
    /** Follows them no more. */
    close(): void;
}
