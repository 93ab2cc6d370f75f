// Who is in a room just now, for the views: the client's People by their ids.

const most = 100; // users that are listed; of more only the number is told

/**
 * @typedef {object} Presence
 * @property {number} count
 * @property {boolean} listed each of those who are here is known
 * @property {(id: string) => import('@roomlog/chat').Present | undefined} get undefined of somebody who is not here
 * @property {(id: string) => string} lastSeen when somebody who is not here last was, RFC 3339, or nothing
 */

/** @param {import('@roomlog/chat/people').People} [people] @returns {Presence | undefined} undefined while nothing is known */
export function presenceOf(people) {
  if (!people?.ready) return undefined;
  const { count, users } = people.presence;
  const byId = new Map(users.map((user) => [user.id, user]));
  return { count, listed: count <= most, get: (id) => byId.get(id), lastSeen: (id) => people.lastSeen.get(id) ?? '' };
}

/** Those of the others who have read a message, by name. */
export function readersOf(people, message, me) {
  const readers = (people?.receipts ?? []).filter(({ user, up_to: upTo }) => user.id !== me && upTo >= message);
  return readers.map(({ user }) => user).sort((a, b) => a.name.localeCompare(b.name));
}
