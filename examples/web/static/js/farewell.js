// How a user is told that a room is not theirs any more.

/**
 * The words for an event after which the room is gone for the user, null for
 * any other event; or for the reason why a link, or the user, has let go of it.
 * @param {object | string} cause an event, or a reason
 * @param {string} room its name
 * @param {string} [me] id of the user
 * @returns {string | null}
 */
export function farewell(cause, room, me) {
  if (typeof cause === 'string') {
    if (cause === 'left') return '';
    if (cause === 'deleted') return `You deleted ${room}.`;
    return `${room} is gone, or you are no longer in it.`;
  }
  const { type, user, data } = cause;
  if (type === 'RoomDeleted') return user.id === me ? `You deleted ${room}.` : `${user.name} deleted ${room}.`;
  if (type !== 'UserLeft' || data.member.id !== me) return null;
  if (data.reason === 'removed') return `${user.name} removed you from ${room}.`;
  if (data.reason === 'banned') return `${user.name} banned you from ${room}.`;
  return `You left ${room}.`;
}
