// The HTTP half of the server: commands and queries. The cookie that
// POST /guest sets says who is asking.

const root = new URL('api/', document.baseURI);
const timeout = 20_000; // ms for an answer; a command is retried with its key

const titled = new Set(['room_archived', 'room_not_found', 'message_not_found', 'message_deleted', 'room_exists']);

/** A refusal in words. The detail of some is no more than an id. @param {{code?: string, title?: string, detail?: string, reason?: string}} body */
export function explain({ code = '', title = '', detail = '', reason = '' }, status = 0) {
  if (code === 'forbidden_last_owner') return 'Make somebody else an owner first.';
  if (code === 'rejected') return [title, reason || detail].filter(Boolean).join(': ');
  if (titled.has(code)) return `${title}.`;
  if (code === 'forbidden' && detail) return `You may not do this: ${detail}.`;
  return detail || title || `The server answered ${status}.`;
}

/** An answer of the server that is not a success. */
export class Problem extends Error {
  /** @param {number} status @param {{code?: string, title?: string, detail?: string}} body @param {number} retryAfter seconds */
  constructor(status, body = {}, retryAfter = 0) {
    super(explain(body, status));
    this.status = status;
    this.code = body.code ?? '';
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get transient() {
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** No answer at all: the outcome is not known. */
export class Unreachable extends Error {
  transient = true;
  retryAfter = 0;
  status = 0;
  code = 'unreachable';
}

/** An address below the API, for EventSource and WebSocket too. */
export function address(path) {
  return new URL(path, root);
}

/** @param {{body?: object, key?: string}} [options] @returns {Promise<any>} */
async function call(method, path, options = {}) {
  const { body, key } = options;
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (key) headers['Idempotency-Key'] = key;
  let response, text;
  try {
    response = await fetch(address(path), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeout),
    });
    text = await response.text();
  } catch (cause) {
    throw new Unreachable('The server does not answer.', { cause });
  }
  const parsed = parse(text);
  if (!response.ok) throw new Problem(response.status, parsed, Number(response.headers.get('Retry-After')) || 0);
  return parsed;
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return {}; // a proxy's error page
  }
}

const at = encodeURIComponent;
const query = (fields) => {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? '?' + new URLSearchParams(given) : '';
};

/** A new guest of that name; the answer sets the cookie. */
export const guest = (name) => call('POST', 'guest', { body: { name } });

/** The newest rooms that the caller may see. */
export const rooms = (fields = {}) => call('GET', 'rooms' + query(fields));

/** A room and its members. */
export const room = (id) => call('GET', `rooms/${at(id)}`);

/** Makes the caller a member of a room, and the room if there is none; the answer tells who is in it. */
export const join = (id, key) => call('POST', `rooms/${at(id)}/join`, { key });

/** Who is in a room just now, and when its other members last were. */
export const presence = (id) => call('GET', `rooms/${at(id)}/presence`);

/** How far the members of a room have read. */
export const receipts = (id) => call('GET', `rooms/${at(id)}/receipts`);

/** Moves the caller's marker in a room; the answer tells what is unread then. */
export const read = (id, upTo) => call('PUT', `rooms/${at(id)}/read`, { body: { up_to: upTo } });

/** Tells those who are in a room that the caller is typing. */
export const typing = (id) => call('POST', `rooms/${at(id)}/typing`);

/** Sets what others see of the caller. @param {{status: string, text?: string}} fields */
export const status = (fields) => call('PUT', 'me/status', { body: fields });

/** A page of the history view. */
export const messages = (id, fields) => call('GET', `rooms/${at(id)}/messages${query(fields)}`);

/** A page of the log itself. */
export const log = (id, fields) => call('GET', `rooms/${at(id)}/log${query(fields)}`);

/** A message; with `versions` also all texts that it has had. */
export const message = (id, of, versions = false) => call('GET', `rooms/${at(id)}/messages/${at(of)}${versions ? '?history=1' : ''}`);

/** A page of the replies to a message. */
export const thread = (id, root, fields) => call('GET', `rooms/${at(id)}/messages/${at(root)}/thread${query(fields)}`);

/** A page of the messages that speak to the caller, over all rooms. */
export const mentions = (fields) => call('GET', `mentions${query(fields)}`);

/** A page of the messages of a room that hold the words of `q`, newest first. */
export const search = (id, fields) => call('GET', `rooms/${at(id)}/search${query(fields)}`);

/** Makes a room; the answer is its first event. */
export const createRoom = (fields, key) => call('POST', 'rooms', { body: fields, key });

/** Changes a room, or archives it: `{archived: true}` alone. */
export const changeRoom = (id, fields) => call('PATCH', `rooms/${at(id)}`, { body: fields });

export const deleteRoom = (id) => call('DELETE', `rooms/${at(id)}`);

export const leave = (id) => call('POST', `rooms/${at(id)}/leave`);

const about = (id, kind, user) => `rooms/${at(id)}/${kind}/${at(user)}`;

/** Adds a member, or gives one another role. @param {{role?: string, name?: string}} fields */
export const putMember = (id, user, fields) => call('PUT', about(id, 'members', user), { body: fields });

export const removeMember = (id, user) => call('DELETE', about(id, 'members', user));

/** @param {{until?: string, name?: string}} fields */
export const ban = (id, user, fields) => call('PUT', about(id, 'bans', user), { body: fields });

export const unban = (id, user) => call('DELETE', about(id, 'bans', user));

/** @param {{until?: string, name?: string}} fields */
export const mute = (id, user, fields) => call('PUT', about(id, 'mutes', user), { body: fields });

export const unmute = (id, user) => call('DELETE', about(id, 'mutes', user));

/**
 * Carries out a command. The answer holds the event that it became, if it
 * changed anything.
 * @param {import('./outbox.js').Command} command
 * @returns {Promise<{event?: object}>}
 */
export async function run(command) {
  const { op, room, key, message, emoji } = command;
  const path = `rooms/${at(room)}`;
  const answers = {
    post: () => call('POST', `${path}/messages`, { key, body: said(command) }),
    edit: () => call('PATCH', `${path}/messages/${at(message)}`, { key, body: said(command) }),
    delete: () => call('DELETE', `${path}/messages/${at(message)}`),
    react: () => call('PUT', `${path}/messages/${at(message)}/reactions/${at(emoji)}`),
    unreact: () => call('DELETE', `${path}/messages/${at(message)}/reactions/${at(emoji)}`),
  };
  const answer = await answers[op]();
  if (answer.id && answer.type) return { event: answer };
  return { event: answer.event };
}

/** What a command says, without the names of what it is about. What is undefined is left out. */
const said = ({ text, mentions, reply_to, thread }) => ({ text, mentions, reply_to, thread });
