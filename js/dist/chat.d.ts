export { Chat, type ChatEvents } from './client.js';
export { Room, type OpenOptions, type RoomEvents } from './room.js';
export type { Call } from './api.js';
export type { Entry } from './outbox.js';
export { ChatError } from './errors.js';
export { Emitter } from './emitter.js';
export { newKey } from './key.js';
export type * from './types.js';
