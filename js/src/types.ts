// The shapes of the wire protocol, version 1, and of what this package shows of
// them. New fields and types may come at any time: skip what you do not know.

import type { Entry } from './outbox.js';

/** The id of an event: 26 characters that rise in the order of the log. Also a place in it. */
export type Cursor = string;

export interface User {
  id: string;
  name: string;
}

export type Role = 'owner' | 'admin' | 'member';
export type RoomKind = 'public' | 'private' | 'direct';
export type Status = 'online' | 'away' | 'busy' | 'offline';

export interface Member extends User {
  role: Role;
}

/** What a message is posted with, beside its text. */
export interface Extras {
  reply_to?: string;
  thread?: string;
  mentions?: string[];
  kind?: string;
  attachments?: object[];
  meta?: unknown;
}

export interface RoomSettings {
  kind: RoomKind;
  title?: string;
  topic?: string;
  slow_mode_s?: number;
  history?: 'all' | 'joined';
  receipts?: boolean;
  meta?: unknown;
  archived?: boolean;
}

/** What the data of an event is, by its type. */
export interface EventData {
  MessagePosted: Extras & { text?: string };
  MessageEdited: { message: string; text?: string; mentions?: string[] };
  MessageDeleted: { message: string };
  ReactionAdded: { message: string; emoji: string };
  ReactionRemoved: { message: string; emoji: string };
  UserJoined: { member: User; role: Role };
  UserLeft: { member: User; reason: 'left' | 'removed' | 'banned'; until?: string };
  UserBanned: { member: User; until?: string };
  UserUnbanned: { member: User };
  UserMuted: { member: User; until?: string };
  UserUnmuted: { member: User };
  RoleChanged: { member: User; role: Role };
  RoomCreated: RoomSettings & { members?: User[] };
  RoomChanged: RoomSettings;
  RoomArchived: Record<string, never>;
  RoomDeleted: Record<string, never>;
  [custom: `x.${string}`]: any;
}

export type EventType = keyof EventData;

/** An event of the log. Narrow it by `type`. */
export type LogEvent = {
  [T in EventType]: {
    id: Cursor;
    room: string;
    type: T;
    at: string;
    user: User;
    key?: string;
    /** The text was erased: of the data only the references are left. */
    erased?: boolean;
    data: EventData[T];
  };
}[EventType];

export interface Reaction {
  emoji: string;
  count: number;
  mine: boolean;
  /** The first few. */
  users: User[];
}

/** A message as edits, reactions and deletion have left it. */
export interface Message {
  id: string;
  room: string;
  user: User;
  at: string;
  text: string;
  kind?: string;
  edited_at?: string;
  deleted?: boolean;
  reply_to?: string;
  thread?: string;
  parent?: { id: string; user: User; text: string; deleted?: boolean };
  replies?: number;
  reactions: Reaction[];
  mentions?: string[];
  attachments?: object[];
  meta?: unknown;
  versions?: { text: string; at: string }[];
  /** The key it was sent with, where this client knows it: the same while it is pending and after. */
  key?: string;
  /** Only where the log has not shown yet what one has done: to the message, or that it was sent. */
  status?: 'pending' | 'sent' | 'failed';
  /** Why the server refused it, where the status is failed. */
  error?: { code: string; message: string };
}

export interface Page {
  messages: Message[];
  has_more: boolean;
  prev: Cursor | null;
  next: Cursor | null;
  cursor: Cursor;
}

export interface PageQuery {
  before?: Cursor;
  after?: Cursor;
  around?: Cursor;
  limit?: number;
}

export interface RoomView extends RoomSettings {
  id: string;
  role?: Role;
  members: number;
  last_activity: string;
  last?: Message;
  unread: number;
  unread_more?: boolean;
  mentions: number;
  read_up_to: Cursor | null;
  head: Cursor;
  floor: Cursor;
}

/** What has changed in the list of the user's rooms. */
export interface RoomsUpdate {
  /** What was known before is void. */
  full?: boolean;
  rooms: RoomView[];
  removed?: string[];
  cursor: Cursor;
}

export interface Overview {
  room: RoomView;
  members: Member[];
  cursor: Cursor;
}

export interface Present extends User {
  status: Status;
  text?: string;
  last_seen: string;
}

/** Who is in a room just now. Of more than 100 only the count is told. */
export interface Presence {
  version: number;
  /** Where it is there this is what has changed since that version; those who went are among the users as offline. */
  from?: number;
  count: number;
  users: readonly Present[];
  /** Members who are not here; only where it was asked for. */
  offline?: readonly { id: string; last_seen: string }[];
}

export interface Unread {
  unread: number;
  /** There are more than 1,000. */
  unread_more?: boolean;
  mentions: number;
  /** Up to where the room is read; null for one who neither joined nor marked it. */
  up_to: Cursor | null;
}

export interface Receipt {
  user: User;
  up_to: Cursor;
}

/** A signal of the host's own; data of null is its end. The kind "cleared" says: forget those of the room. */
export interface CustomSignal {
  kind: string;
  user?: User;
  data?: unknown;
}

/** Says, in the midst of events, that some are missing: the room's messages were loaded anew. */
export interface Reset {
  type: 'chat.reset';
  room: string;
  reason: string;
}

export type Transport = 'socket' | 'stream';

/** How things stand with the server. */
export interface State {
  phase: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';
  transport?: Transport;
  /** Why there is no connection: lost, timeout, draining, too_many, expired, unauthenticated, forbidden, refused, closed, … */
  reason?: string;
  /** While waiting: when the next attempt is made, in ms since 1970. */
  until?: number;
}

/** What is kept beyond the page: localStorage, sessionStorage, or anything of their kind. */
export type KeyValue = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Keeps what is to outlive the page. See keep of @roomlog/chat/storage. */
export interface Keeper {
  load(room: string): [store: string, cursor: Cursor] | undefined;
  save(room: string, store: string, cursor: Cursor): void;
  put(entry: Entry): void;
  remove(key: string): void;
  entries(): Entry[];
}

export interface Credential {
  token: string;
  /** When it ends: a Date, or ms since 1970. It is renewed 30 s before. */
  expires?: number | Date;
}

export interface Signalled {
  signal?: AbortSignal;
}

export interface Options extends Signalled {
  /** Where the chat's handler is mounted, such as "/api". Without a document it must be absolute. */
  url: string | URL;
  /** The token, or what gets it. `refresh` is true where the last one was refused. Nothing means: signed out. Without it the cookie says who asks. */
  token?: string | ((ask: { refresh: boolean }) => Token | Promise<Token>);
  /** auto, the default, tries a WebSocket and goes on over a stream where none can be opened. */
  transport?: 'auto' | Transport;
  /** Keeps cursors and what was not sent yet. */
  storage?: Keeper;
  /** Messages a page of history, 50 by default, at most 200. */
  page?: number;
  /** The first and the greatest bound of a pause between two attempts, in ms: 1,000 and 30,000. */
  backoff?: { base?: number; cap?: number };
  fetch?: typeof fetch;
  WebSocket?: typeof WebSocket;
}

export type Token = string | Credential | null | undefined;
