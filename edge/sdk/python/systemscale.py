"""The agent's local API for vehicle software in Python: frames up, commands down.

Needs nothing but Python 3.9 or newer. The API itself is described by the agent's /openapi.json.

    from systemscale import Agent

    agent = Agent(name="pilot")
    agent.log({"volts": 15.2}, stream="battery")

    @agent.on_command
    def do(command):
        if command.type != "hold":
            return {"state": "rejected", "code": "not_possible"}
        command.progress({"percent": 50})

    @agent.on_stop
    def stop(number):
        motors.hold()

    agent.run()
"""
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

# Seconds: between two attempts to reach the agent, and for one request.
_RETRY_FIRST, _RETRY_MOST = 0.25, 5.0
_REQUEST_TIMEOUT = 10.0
# The agent says something on the stream of commands every 5 s.
_STREAM_TIMEOUT = 15.0


class AgentError(Exception):
    """The agent refused. `code` is stable and listed in /openapi.json; `unavailable` when it was not reached."""

    def __init__(self, code, detail):
        super().__init__(f"{code}: {detail}")
        self.code = code


class Command:
    """A command that was claimed: it is to be done now."""

    def __init__(self, agent, fields):
        self._agent = agent
        self.id = fields["id"]
        self.type = fields["type"]
        self.cls = fields["class"]
        self.data = fields["data"]
        self.issuer = fields["issuer"]
        # Set when it is to end: it was taken back, or the vehicle was stopped.
        self.ended = threading.Event()
        self._why = ""

    def progress(self, data):
        """Tells how far it is."""
        self._agent._post(f"/v1/commands/{self.id}/progress", {"data": data})


class Agent:
    """The agent on this vehicle."""

    def __init__(self, url="http://127.0.0.1:7777", name="python"):
        self._url = url.rstrip("/")
        self._name = name
        self._handlers = {"command": None, "stop": None, "release": None}
        self._running = {}
        self._lock = threading.Lock()

    def log(self, data, stream="telemetry", ts=None, cls="normal"):
        """Gives a frame to the agent: 'durable' when it is on disk, else 'buffered'. Raises AgentError.

        ts: nanoseconds since 1970 as a string, or milliseconds as a number; the agent's time without it.
        """
        frame = {"data": data, "stream": stream, "class": cls}
        if ts is not None:
            frame["ts"] = ts
        return self._post("/v1/log", frame)["state"]

    def on_command(self, handler):
        """Does a command, in a thread of its own. None is success; a dict is the outcome; what it raises is `failed`."""
        self._handlers["command"] = handler
        return handler

    def on_stop(self, handler):
        """Stops the vehicle: called before anything else, with the number of the stop."""
        self._handlers["stop"] = handler
        return handler

    def on_release(self, handler):
        """The stop is over."""
        self._handlers["release"] = handler
        return handler

    def run(self, until=None):
        """Takes commands until the event `until` is set, and comes back whenever the agent does."""
        until = until or threading.Event()
        delay = _RETRY_FIRST
        while not until.is_set():
            try:
                self._take(until)
                delay = _RETRY_FIRST
            except (OSError, AgentError):
                # The agent is away, or somebody else takes the commands.
                delay = min(_RETRY_MOST, delay * 2)
            until.wait(delay)

    def _take(self, until):
        query = urllib.parse.urlencode({"client": self._name})
        with self._open(urllib.request.Request(f"{self._url}/v1/commands?{query}"), _STREAM_TIMEOUT) as stream:
            event, data = "", []
            for raw in stream:
                if until.is_set():
                    return
                line = raw.decode().rstrip("\r\n")
                if line == "":
                    if data:
                        self._handle(event, json.loads("\n".join(data)))
                    event, data = "", []
                elif line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    data.append(line[5:].lstrip(" "))

    def _handle(self, event, data):
        if event == "stop":
            self._call("stop", data["number"])
            self._end(lambda command: command.cls == "motion", "superseded")
        elif event == "release":
            self._call("release", data["number"])
        elif event == "cancel":
            self._end(lambda command: command.id == data["id"], "cancelled")
        elif event == "command":
            threading.Thread(target=self._do, args=(data,), daemon=True).start()

    def _call(self, name, *args):
        handler = self._handlers[name]
        if handler is not None:
            handler(*args)

    def _end(self, concerns, why):
        with self._lock:
            ended = [command for command in self._running.values() if concerns(command)]
        for command in ended:
            command._why = why
            command.ended.set()

    def _do(self, offered):
        try:
            if offered["state"] == "executing":
                with self._lock:
                    is_ours = offered["id"] in self._running
                # Begun by a run of this software that is gone: how far it came nobody knows.
                if not is_ours:
                    self._tell(offered["id"], {"state": "failed", "code": "software_restarted"})
                return
            command = Command(self, self._post(f"/v1/commands/{offered['id']}/claim", None))
            with self._lock:
                self._running[command.id] = command
            try:
                self._tell(command.id, self._outcome(command))
            finally:
                with self._lock:
                    del self._running[command.id]
        except AgentError:
            # Told twice, expired meanwhile, or stopped: that is the agent's to settle.
            return

    def _outcome(self, command):
        handler = self._handlers["command"]
        if handler is None:
            return {"state": "rejected", "code": "not_possible"}
        try:
            outcome = handler(command)
        except Exception as error:  # Whatever it is, the operator must learn of it.
            if command.ended.is_set():
                return {"state": command._why}
            return {"state": "failed", "code": "software_failed", "detail": str(error)[:300]}
        return {"state": "succeeded"} if outcome is None else outcome

    def _tell(self, command_id, outcome):
        """Again while the agent is away: it has begun, so it must be told."""
        delay = _RETRY_FIRST
        while True:
            try:
                self._post(f"/v1/commands/{command_id}/result", outcome)
                return
            except AgentError as error:
                if error.code != "unavailable":
                    raise
            threading.Event().wait(delay)
            delay = min(_RETRY_MOST, delay * 2)

    def _post(self, path, body):
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}{path}", data=data, headers=headers, method="POST")
        with self._open(request, _REQUEST_TIMEOUT) as response:
            return json.load(response)

    def _open(self, request, timeout):
        try:
            return urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            try:
                problem = json.load(error)
            except ValueError:
                problem = {}
            raise AgentError(problem.get("code", "internal"), problem.get("detail", str(error))) from error
        except OSError as error:
            raise AgentError("unavailable", str(error)) from error
