export interface Watch {
    heard(): void;
    /** Asks now, and waits for the answer for 5 s at most: something has happened. */
    probe(): void;
    stop(): void;
    /** Tells how often the server says something, in ms. */
    every(beat: number): void;
}
/** Calls ping where nothing was heard for a heartbeat, and dead where that is not answered. */
export declare const watch: (ping: () => void, dead: () => void) => Watch;
