// Hooks for React 18 and later. Each opens what it shows and closes it when
// nobody shows it any more; components share one view of a room.

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Chat, Message, Presence, Room, RoomView, State, Unread, User } from './chat.js';
import { type Shared, sharedMessages, sharedPeople, sharedRoom, sharedRooms } from './shared.js';

const none: readonly never[] = [];
const nobody: Presence = { version: 0, count: 0, users: [] };
const nothing: Unread = { unread: 0, mentions: 0, up_to: null };

const use = <T, V>(shared: Shared<T>, pick: (view: T | undefined) => V): V => {
  const get = () => pick(shared.get());
  return useSyncExternalStore(shared.subscribe, get, get);
};

export interface MessagesHook {
  /** Oldest first, with one's own that are on their way at the end. */
  messages: readonly Message[];
  /** The newest page is there. */
  ready: boolean;
  hasMore: boolean;
  /** Loads older ones. */
  older(): Promise<boolean>;
  send: Room['send'];
  retry(key: string): void;
  drop(key: string): void;
}

/** The messages of a room, live, and what one does with them. */
export const useMessages = (room: Room): MessagesHook => {
  const shared = useMemo(() => sharedMessages(room), [room]);
  const messages = use(shared, (view) => view?.list ?? none);
  const ready = use(shared, (view) => view?.ready ?? false);
  const hasMore = use(shared, (view) => view?.hasMore ?? false);
  const actions = useMemo(
    () => ({
      older: async () => (await shared.get()?.older()) ?? false,
      send: room.send.bind(room),
      retry: room.retry.bind(room),
      drop: room.drop.bind(room),
    }),
    [room, shared],
  );
  return { messages, ready, hasMore, ...actions };
};

/** Who else is typing, and what to call at every key. */
export const useTyping = (room: Room): [typists: readonly User[], typing: () => void] => {
  const shared = useMemo(() => sharedRoom(room), [room]);
  const typists = use(shared, () => room.typists);
  return [typists, useCallback(() => room.typing(), [room])];
};

/** Who is in the room just now. */
export const usePresence = (room: Room): Presence => {
  const shared = useMemo(() => sharedPeople(room), [room]);
  return use(shared, (view) => view?.presence ?? nobody);
};

/** What is unread in a room, and what marks it as read. */
export const useUnread = (room: Room): Unread & { read: (upTo?: string) => void } => {
  const shared = useMemo(() => sharedRoom(room), [room]);
  const unread = use(shared, (view) => (view ? room.unread : nothing));
  const read = useCallback((upTo?: string) => room.read(upTo), [room]);
  return useMemo(() => ({ ...unread, read }), [unread, read]);
};

/** How things stand with the server. */
export const useConnection = (chat: Chat): State => {
  const subscribe = useCallback((listener: () => void) => chat.on('state', listener), [chat]);
  const get = () => chat.state;
  return useSyncExternalStore(subscribe, get, get);
};

/** The rooms that the user has joined, live. */
export const useRooms = (chat: Chat): readonly RoomView[] => {
  const shared = useMemo(() => sharedRooms(chat), [chat]);
  return use(shared, (view) => view?.list ?? none);
};
