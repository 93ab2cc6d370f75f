// The link over one WebSocket, which carries all rooms, and commands.

import { lost, problem } from './errors.js';
import { type Followed, type Open, word } from './link.js';
import { watch } from './watch.js';

const protocol = 'chat.v1.json';

/** Those that say: a mistake of the client's. It is of no use to make it again. */
const mistakes = [1002, 1003, 1007, 1008, 1009, 4403];
const reasons: Record<number, string> = { 1001: 'draining', 1012: 'draining', 4401: 'expired', 4403: 'forbidden', 4429: 'too_many' };

type Answer = [ok?: (answer: any) => void, failed?: (error: Error) => void];

export const openSocket: Open = (host, done, ticket) => {
  const calls = new Map<string, Answer>();
  const subscribed = new Map<string, { live?: boolean }>();
  let count = 0;
  let greeted = false;
  let over = false;
  let listed = false;
  let limit: number; // of a frame, in bytes

  const url = host.api.address('ws', { ticket });
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new (host.options.WebSocket ?? WebSocket)(url, protocol);

  const end = (reason: string, retry?: number, final?: boolean) => {
    if (over) return;
    over = true;
    guard.stop();
    socket.close();
    calls.forEach(([, failed]) => failed?.(lost()));
    done({ reason, retry, final, never: !greeted });
  };
  const guard = watch(() => greeted && send('ping'), () => end('timeout'));

  /** Answers are handled at once, not in a microtask: what comes next may be what was asked for. */
  const send = (op: string, fields?: object, ...[ok, failed]: Answer) => {
    if (!greeted || over) return failed?.(lost());
    const id = '' + ++count;
    const frame = JSON.stringify({ id, op, ...fields });
    if (new TextEncoder().encode(frame).length > limit) return failed?.(problem({ code: 'body_too_large', status: 413 }));
    calls.set(id, [ok, failed]);
    socket.send(frame);
  };

  const follow = (room: Followed) => {
    const mine: { live?: boolean } = {};
    subscribed.set(room.id, mine);
    send(
      'subscribe',
      { room: room.id, after: word(room.cursor), store: room.store },
      () => (mine.live = true),
      (error: any) => {
        if (over || subscribed.get(room.id) != mine) return;
        if (error.transient) setTimeout(() => subscribed.get(room.id) == mine && follow(room), error.retryAfter || 1000);
        else {
          subscribed.delete(room.id);
          host.take(room.id, 'end', { reason: error.code });
        }
      },
    );
  };

  const list = () => {
    if (greeted && host.lists() != listed) send((listed = !listed) ? 'watch_rooms' : 'unwatch_rooms');
  };

  socket.onmessage = ({ data }) => {
    if (over) return;
    guard.heard();
    const frame = JSON.parse(data);
    const { room, re, hello, signal } = frame;
    if (hello) {
      greeted = true;
      guard.every(hello.heartbeat_ms);
      limit = hello.limits.message;
      host.hello(hello);
      host.rooms().forEach(follow);
      list();
    } else if (re) {
      const [ok, failed] = calls.get(re) ?? [];
      calls.delete(re);
      if (frame.error) failed?.(problem(frame.error));
      else ok?.(frame.ok);
    } else if (signal == 'rooms') host.take('', signal, frame.data);
    else if (subscribed.get(room)?.live) {
      if (signal) host.take(room, signal, frame.data);
      if (frame.end) subscribed.delete(room);
      for (const what of ['events', 'live', 'reset', 'end']) if (frame[what]) host.take(room, what, frame[what]);
    }
  };
  const closed = ({ code }: { code: number }) => {
    // What is not said otherwise comes back after one to four seconds, for one who has waited for that long at first.
    const base = host.options.backoff?.base ?? 1000;
    end(reasons[code] ?? 'lost', code == 4429 ? 30_000 : greeted && code != 4401 ? base * (1 + 3 * Math.random()) : 0, mistakes.includes(code));
  };
  socket.onclose = closed;
  // A close follows, but not everywhere.
  socket.onerror = () => setTimeout(closed, 9, { code: 1006 });

  return {
    run: (op, fields) => new Promise((ok, failed) => send(op, fields, ok, failed)),
    follow: (room) => greeted && !subscribed.has(room.id) && follow(room),
    unfollow: (room) => subscribed.delete(room) && send('unsubscribe', { room }),
    list,
    renew: (token) => send('auth', { token }),
    probe: guard.probe,
    close: () => end('closed'),
  };
};
