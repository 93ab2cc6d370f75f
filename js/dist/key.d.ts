/**
 * A new idempotency key: 50 bits of time and 80 of chance in base 32. Keys of one
 * page rise, so what was kept is sent in the order in which it was typed.
 */
export declare const newKey: (now?: number) => string;
