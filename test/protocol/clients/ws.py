"""A client over a WebSocket, written from docs/protocol.md (and RFC 6455) alone and with nothing but Python's library.

    python3 ws.py URL TOKEN ROOM MESSAGES PACE

It shows the room's history, follows it, and posts that many messages of its own. When one says "stop" it prints the ids of
all events that it has applied, and the messages as it shows them. PACE scales its waits: 1 is what the protocol says.
"""
import base64, json, os, random, socket, sys, time, urllib.parse, uuid

url, token, room, count, pace = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
base = urllib.parse.urlsplit(url)


class Final(Exception):
    """The server has refused for good."""


class Socket:
    """Text frames over a connection (RFC 6455, 4.1 and 5.2)."""

    def __init__(self):
        self.conn = socket.create_connection((base.hostname, base.port), 37.5)
        self.file, self.closed = self.conn.makefile("rb"), 1006
        head = [f"GET {base.path}/ws HTTP/1.1", f"Host: {base.netloc}", "Connection: Upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
                "Sec-WebSocket-Protocol: chat.v1.json", "Authorization: Bearer " + token, "", ""]
        self.conn.sendall("\r\n".join(head).encode())
        status = int((self.file.readline().split() + [b"", b"0"])[1])
        while self.file.readline().strip(): pass
        if status in (400, 401, 403, 404):
            raise Final(status)
        if status != 101:
            raise OSError(status)

    def send(self, payload, op=1):
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big") if size < 65536 else b"\xff" + size.to_bytes(8, "big")
        mask = os.urandom(4)
        self.conn.sendall(bytes([0x80 | op]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def read(self, n):
        b = self.file.read(n)
        if len(b) < n:
            raise OSError("the connection was cut")
        return b

    def messages(self):
        """Yields what the server sends until the end."""
        while True:
            op, size = self.read(2)
            size = int.from_bytes(self.read(2 if size == 126 else 8), "big") if size > 125 else size
            payload = self.read(size)
            if op == 0x81:
                yield json.loads(payload)
            elif op == 0x89:
                self.send(payload, 10)
            elif op == 0x88:
                self.closed = int.from_bytes(payload[:2], "big") if payload else 1005
                self.send(payload[:2], 8)
                return


class Room:
    def __init__(self):
        self.store, self.began, self.cursor, self.shown, self.applied = "", None, None, {}, []
        self.outbox = {str(uuid.uuid4()): f"message {n}" for n in range(count)}

    def apply(self, event):
        if event["id"] <= self.cursor:
            return
        data, of = event["data"], event["data"].get("message")
        if event["type"] == "MessagePosted":
            self.shown[event["id"]] = data.get("text")  # none: erased
        elif event["type"] == "MessageEdited" and of in self.shown and not event.get("erased"):
            self.shown[of] = data["text"]
        elif event["type"] == "MessageDeleted" and of in self.shown:
            self.shown[of] = None
        self.outbox.pop(event.get("key"), None)  # the echo of one's own: it is stored, whatever becomes of the answer
        self.applied.append(event["id"])
        self.cursor = event["id"]

    def ask(self, op, **fields):
        self.sock.send(json.dumps({"id": op, "op": op, "room": room, **fields}).encode())

    def post(self):
        """Posts the first of the outbox; the next with its answer."""
        self.posted = next(iter(self.outbox), None)
        if self.posted:
            self.ask("post", key=self.posted, text=self.outbox[self.posted])

    def hello(self, hello):
        self.store = hello["store"]
        self.sock.conn.settimeout(2.5 * hello["heartbeat_ms"] / 1000)  # the watchdog: pings come, at the latest
        self.subscribe() if self.cursor else self.ask("history", limit=20)
        self.post()

    def subscribe(self): self.ask("subscribe", after=self.cursor, store=self.store)

    def answer(self, op, ok, error):
        if error and error["status"] != 429 and error["status"] < 500:
            raise Final(error)
        if error:
            time.sleep(pace * error.get("retry_after", 1))
            if op != "post":
                raise OSError("come back")
            self.post()
        elif op == "history":  # a subscription after its cursor has neither gap nor overlap with it
            self.shown = {m["id"]: m.get("text") for m in ok["messages"]}
            self.cursor, self.began = ok["cursor"], self.began or ok["cursor"]
            self.subscribe()
        elif op == "post":
            self.outbox.pop(self.posted, None)
            self.post()

    def follow(self):
        """Connects, again and again, until a message says "stop"."""
        tries = 0
        while True:
            try:
                self.sock = Socket()
                for m in self.sock.messages():
                    if "hello" in m:
                        self.hello(m["hello"])
                    elif "re" in m:
                        self.answer(m["re"], m.get("ok"), m.get("error"))
                    elif "reset" in m:  # of no use: load the history again, and subscribe after it
                        self.ask("unsubscribe")
                        self.ask("history", limit=20)
                    elif "events" in m:
                        tries = 0
                        for event in m["events"]:
                            self.apply(event)
                            if event["data"].get("text") == "stop":
                                return
                    elif "live" in m:
                        tries, self.cursor = 0, max(self.cursor, m["live"])
                    elif "end" in m:
                        raise Final(m["end"])
                if self.sock.closed in (1002, 1003, 1007, 1008, 1009, 4403):
                    raise Final(self.sock.closed)
                tries += 5 * (self.sock.closed == 4429)
            except OSError:
                pass
            time.sleep(pace * min(60, 2 ** tries) * random.uniform(1, 4))
            tries += 1


me = Room()
me.follow()
print(json.dumps({"began": me.began, "applied": me.applied, "shown": [[i, t] for i, t in me.shown.items()], "unsent": len(me.outbox)}))
