// The lines between the messages: what else happened in a room, in words.

/** @typedef {{id: string, at: string, line: string}} Line */

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const roles = { owner: 'an owner', admin: 'an admin', member: 'a member' };

/** Each gets who did it, to whom (both names), the data, and whether these are one user. */
const texts = {
  RoomCreated: (by) => `${by} made this room`,
  RoomChanged: (by) => `${by} changed the room’s settings`,
  RoomArchived: (by) => `${by} archived this room`,
  UserJoined: (by, who, data, self) => (self ? `${who} joined` : `${by} added ${who}`),
  UserLeft: (by, who, { reason }) => {
    if (reason === 'removed') return `${by} removed ${who}`;
    return reason === 'banned' ? `${by} banned ${who}` : `${who} left`;
  },
  UserBanned: (by, who, { until }) => `${by} banned ${who}${end(until)}`,
  UserUnbanned: (by, who) => `${by} lifted the ban of ${who}`,
  UserMuted: (by, who, { until }) => `${by} muted ${who}${end(until)}`,
  UserUnmuted: (by, who) => `${by} unmuted ${who}`,
  RoleChanged: (by, who, { role }) => `${by} made ${who} ${roles[role] ?? role}`,
};

/** Whether an event is told by a line. */
export const isLine = ({ type }) => type in texts;

/** The line that tells of an event which is no message, or null. @returns {Line | null} */
export function line(event) {
  if (!isLine(event) || event.erased) return null;
  const { id, at, type, user, data = {} } = event;
  const who = data.member ?? user;
  const text = texts[type](user.name || 'Somebody', who.name || who.id, data, who.id === user.id);
  return { id, at, line: text };
}

const end = (until) => (until ? ` until ${clock.format(new Date(until))}` : '');
