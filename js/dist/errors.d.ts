/** What a command or a query fails with. Act on `code`. */
export declare class ChatError extends Error {
    /** A code of the protocol, such as room_not_found; or lost: nobody answered, and nothing is known. */
    readonly code: string;
    /** The status of HTTP, 0 where there was no answer. */
    readonly status: number;
    /** How long to wait before it is worth trying again, in ms. */
    readonly retryAfter: number;
    name: string;
    constructor(
    /** A code of the protocol, such as room_not_found; or lost: nobody answered, and nothing is known. */
    code: string, message?: string, 
    /** The status of HTTP, 0 where there was no answer. */
    status?: number, 
    /** How long to wait before it is worth trying again, in ms. */
    retryAfter?: number);
    /** Whether the same may succeed later. */
    get transient(): boolean;
}
export declare const lost: (why?: string) => ChatError;
/** The error of a problem document, or of whatever came in its place. */
export declare const problem: (p: any, status?: any, retry?: any) => ChatError;
