import type { Cursor, LogEvent, Message, User } from './types.js';
export declare const find: (list: readonly Message[], id: string | undefined) => Message | undefined;
export declare const react: (m: Message, emoji: string, user: User, added: boolean, mine: boolean) => Message;
/**
 * Applies an event to a list of messages, oldest first, in place; a message that
 * changes becomes another object. `asOf` tells up to where a message holds
 * events already, since it was loaded at that place.
 */
export declare const fold: (list: Message[], event: LogEvent, me: string | undefined, asOf: Map<string, Cursor>) => void;
/** Replies show what they answer as it is now, also where that is not in the list. */
export declare const quote: (list: Message[], { type, data, erased }: LogEvent) => void;
