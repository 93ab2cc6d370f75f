// The link over server-sent events that are read with fetch: one stream for all
// rooms, one more for their list. Commands go over HTTP.

// It is a file of its own, loaded where no socket can be opened.

import { type Open, word } from './link.js';

export const openStream: Open = (host, done) => {
  const running = new Map<string, AbortController>(); // by path
  let timer: any;
  let watch: any; // a timer, too
  let beat = 4000; // up to the hello: 10 s in all
  let heard = Date.now();
  let over = false;
  let greeted = false;
  let retry = 0;
  let ids: string[] = []; // of the rooms that the stream is of

  const end = (reason: string, final?: boolean) => {
    if (over) return;
    over = true;
    clearTimeout(watch);
    clearTimeout(timer);
    for (const stream of running.values()) stream.abort();
    done({ reason, retry, final, never: !greeted });
  };

  /** Ends it where nothing came for so many heartbeats: the server is to say something by itself, if it was asked for anything. */
  const check = (beats: number) => {
    if (running.size && Date.now() - heard > beats * beat) end('timeout');
  };
  const tick = () => {
    clearTimeout(watch);
    check(2.5);
    if (!over) watch = setTimeout(tick, Math.min(beat / 4, 2500));
  };
  tick();

  const greet = (hello: any) => {
    greeted = true;
    beat = hello.heartbeat_ms ?? 15_000;
    tick();
    host.hello(hello);
  };

  const read = async (path: string, query: object, take: (name: string, data: any) => void, flush = () => {}) => {
    running.get(path)?.abort();
    const own = new AbortController();
    running.set(path, own);
    heard = Date.now();
    try {
      const body: ReadableStream<Uint8Array> = await host.api.call('GET', path, { query, signal: own.signal, stream: true });
      const reader = body.getReader();
      const decoder = new TextDecoder();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (own.signal.aborted) return;
        if (done) return end('lost');
        heard = Date.now();
        const frames = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
        rest = frames.pop()!; // not whole yet; if it never is, it is thrown away
        for (const frame of frames) {
          let name = '';
          let data = '';
          for (const line of frame.split(/\r?\n/)) {
            const [, field, value] = /^(\w+): ?(.*)/s.exec(line) ?? [];
            if (field == 'event') name = value;
            else if (field == 'data') data += value;
            else if (field == 'retry') retry = +value || retry;
          }
          if (data) take(name, JSON.parse(data));
          if (own.signal.aborted) return;
        }
        flush();
      }
    } catch (e: any) {
      if (own.signal.aborted || over) return;
      if (e.code == 'room_not_found') {
        for (const room of [query].flatMap((q: any) => q.room)) host.take(room, 'end', { reason: e.code });
        return start();
      }
      retry = e.retryAfter ?? 0;
      end(e.status == 401 ? 'unauthenticated' : e.status ? e.code : 'lost', e.status && !e.transient);
    }
  };

  const open = () => {
    const rooms = host.rooms();
    ids = rooms.map(({ id }) => id);
    if (rooms.length) {
      // From the oldest of the cursors on nothing is missed; what a room has had already it leaves out.
      const after = word(rooms.map(({ cursor }) => cursor).sort()[0]);
      const store = rooms.find(({ store }) => store)?.store;
      const own = ids;
      const reach = (cursor: string) => host.reach(own, cursor);
      let batch: { id: string; room: string }[] = [];
      const flush = () => {
        const events = batch;
        batch = [];
        for (const room of new Set(events.map(({ room }) => room))) host.take(room, 'events', events.filter((event) => event.room == room));
        if (events.length) reach(events.at(-1)!.id);
      };
      read('events', { room: ids, after, store }, (name, data) => {
        const room = data.room ?? ids[0];
        if (!name) return void batch.push(data);
        flush();
        if (name == 'chat.hello') {
          greet(data);
          for (const id of ids) if (data.rooms[id]?.verdict == 'not_found') host.take(id, 'end', { reason: 'room_not_found' });
        } else if (name == 'chat.live') {
          reach(data.cursor);
          for (const id of ids) host.take(id, 'live', data.cursor);
        } else if (name == 'chat.end' && !data.room && (ids[1] || data.reason != 'forbidden')) end(data.reason);
        else if (name == 'chat.signal') host.take(room, data.signal, data);
        else if (name != 'chat.ping') host.take(room, name.slice(5), data);
      }, flush);
    } else {
      running.get('events')?.abort();
      running.delete('events');
    }
    if (host.lists()) {
      if (!running.has('me/events')) {
        read('me/events', {}, (name, data) => {
          if (name == 'chat.hello' && !rooms.length) greet(data);
          else if (name == 'chat.rooms') host.take('', 'rooms', data);
          else if (name == 'chat.end') end(data.reason);
        });
      }
    } else {
      running.get('me/events')?.abort();
      running.delete('me/events');
    }
    if (!running.size && !greeted) greet({});
  };

  /** Opens the streams for what is followed now, once for many changes. */
  const start = () => {
    clearTimeout(timer);
    if (!over) timer = setTimeout(open);
  };
  start();

  return {
    run: async (op, fields) => {
      const { room, message, emoji, key, ...body } = fields as any;
      const about = 'messages/' + encodeURIComponent(message);
      const reaction = `${about}/reactions/${encodeURIComponent(emoji)}`;
      const calls: Record<string, [method: string, path: string, empty?: boolean]> = {
        post: ['POST', 'messages'],
        edit: ['PATCH', about],
        delete: ['DELETE', about, true],
        react: ['PUT', reaction, true],
        unreact: ['DELETE', reaction, true],
        typing: ['POST', 'typing', true],
        signal: ['POST', 'signals'],
        read: ['PUT', 'read'],
      };
      const [method, path, empty] = calls[op];
      const answer = await host.api.call(method, `rooms/${encodeURIComponent(room)}/${path}`, { key, body: empty ? undefined : body });
      return answer.type ? { event: answer } : answer;
    },
    follow: ({ id }) => ids.includes(id) || start(),
    unfollow: start,
    list: start,
    renew: () => {
      for (const path of running.keys()) running.get(path)!.abort();
      running.clear();
      start();
    },
    // It cannot be asked: one beat may be late, unless there is no network.
    probe: () => check(globalThis.navigator?.onLine === false ? 0 : 1.2),
    close: () => end('closed'),
  };
};
