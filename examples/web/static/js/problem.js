// What the server has refused, in words.

const words = {
  forbidden_last_owner: 'Make somebody else an owner first.',
  room_archived: 'The room is archived.',
  room_exists: 'The room exists already.',
  room_not_found: 'There is no such room.',
  message_not_found: 'There is no such message.',
  message_deleted: 'The message was deleted.',
  lost: 'The server does not answer.',
};

/** @param {{code: string, message: string}} error as the client tells it */
export function explain({ code, message }) {
  if (code === 'forbidden' && message) return `You may not do this: ${message}.`;
  return words[code] ?? message;
}
