import type { Cursor, LogEvent, Message } from './types.js';
export declare const find: (list: readonly Message[], id: string | undefined) => Message | undefined;
/**
 * Applies an event to a list of messages, oldest first, in place; a message that
 * changes becomes another object. `asOf` tells up to where a message holds
 * events already, since it was loaded at that place.
 */
export declare const fold: (list: Message[], event: LogEvent, me: string | undefined, asOf: Map<string, Cursor>) => void;
