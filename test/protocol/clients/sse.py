"""A client over server-sent events, written from docs/protocol.md alone and with nothing but Python's library.

    python3 sse.py URL TOKEN ROOM MESSAGES PACE

It shows the room's history, follows it, and posts that many messages of its own. When one says "stop" it prints the ids of
all events that it has applied, and the messages as it shows them. PACE scales its waits: 1 is what the protocol says.
"""
import http.client, json, random, sys, threading, time, urllib.parse, uuid

url, token, room, count, pace = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
base = urllib.parse.urlsplit(url)
LOST = (OSError, http.client.HTTPException)


class Final(Exception):
    """The server has refused for good."""


def backoff(tries, at_least=0.0):
    """Waits as "How long to wait" says."""
    time.sleep(pace * max(at_least, min(60, 2 ** tries) * random.uniform(0.5, 1.5)))


def request(method, path, body=None, timeout=30.0, **headers):
    """Returns a connection and the answer on it, its body yet to be read."""
    conn = http.client.HTTPConnection(base.hostname, base.port, timeout=timeout)
    if body is not None:
        headers["Content-Type"], body = "application/json", json.dumps(body)
    conn.request(method, base.path + path, body, {"Authorization": "Bearer " + token, **headers})
    return conn, conn.getresponse()


def call(method, path, body=None, **headers):
    """Calls until there is an answer that stands: a lost one is asked for again, which the key makes safe."""
    for tries in range(1000):
        try:
            conn, answer = request(method, path, body, **headers)
            text = answer.read()
            conn.close()
            if answer.status < 400:
                return json.loads(text) if text else None
            if answer.status != 429 and answer.status < 500:
                raise Final(answer.status, text)
            backoff(tries, float(answer.getheader("Retry-After") or 0))
        except LOST:
            backoff(tries)
    raise Final("no answer")


class Room:
    def __init__(self):
        self.store, self.heartbeat, self.outbox, self.applied = "", 15.0, {}, []
        self.load()

    def load(self):
        """Shows the newest page of the history. A stream after its cursor has neither gap nor overlap with it."""
        page = call("GET", f"/rooms/{room}/messages?limit=20")
        self.shown = {m["id"]: m.get("text") for m in page["messages"]}
        self.cursor = page["cursor"]

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
        self.outbox.pop(event.get("key"), None)  # the echo of one's own: it is stored, whatever became of the answer
        self.applied.append(event["id"])
        self.cursor = event["id"]

    def send(self):
        """Posts what is in the outbox, in order."""
        for key, text in list(self.outbox.items()):
            call("POST", f"/rooms/{room}/messages", {"text": text}, **{"Idempotency-Key": key})

    def follow(self):
        """Streams until a message says "stop"."""
        tries = 0
        while True:
            at_least, conn = 0.0, None
            try:
                query = urllib.parse.urlencode({"after": self.cursor, "store": self.store})
                conn, stream = request("GET", f"/rooms/{room}/events?" + query, timeout=2.5 * self.heartbeat)
                if stream.status in (400, 401, 403, 404, 406):
                    raise Final(stream.status, stream.read())
                at_least = float(stream.getheader("Retry-After") or 0)
                for name, data, retry in frames(stream):
                    at_least = retry if retry is not None else at_least
                    if name == "chat.hello":
                        self.store, self.heartbeat = data["store"], data["heartbeat_ms"] / 1000
                    elif name == "chat.reset":
                        self.load()
                        break  # and open again, after the page
                    elif name == "chat.live":
                        tries, self.cursor = 0, max(self.cursor, data["cursor"])
                    elif name == "chat.end":
                        if data["reason"] in ("forbidden", "expired"):
                            raise Final(data["reason"])
                        break
                    elif name == "message":
                        self.apply(data)
                        tries = 0
                        if data["data"].get("text") == "stop":
                            return
            except LOST:
                pass
            finally:
                if conn:
                    conn.close()
            backoff(tries, at_least)
            tries += 1


def frames(stream):
    """Yields the name, the data and the retry of every frame (the HTML standard, 9.2.6)."""
    name, data, retry = "message", [], None
    while line := stream.readline():
        if not line.endswith(b"\n"):
            return  # the connection was cut in the midst of it
        field, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "retry":
            retry = int(value) / 1000
        elif not field and not value:
            if data or retry is not None:
                yield name if data else "", json.loads("\n".join(data) or "null"), retry
            name, data, retry = "message", [], None


me = Room()
began = me.cursor
me.outbox = {str(uuid.uuid4()): f"message {n}" for n in range(count)}
threading.Thread(target=me.send, daemon=True).start()
me.follow()
print(json.dumps({"began": began, "applied": me.applied, "shown": [[i, t] for i, t in me.shown.items()], "unsent": len(me.outbox)}))
