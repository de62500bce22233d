"""ECS with one task in which commands can be run: the agent's side of a session, with real processes on a pseudo-terminal, over a
network that loses, doubles, delays and cuts. What is played is the protocol of the published agent."""

import base64
import fcntl
import hashlib
import json
import os
import pty
import random
import re
import select
import shlex
import signal
import struct
import termios
import threading
import time
import uuid

from server import Handler, Request, Server, json_error, ok_json, xml_error

CLUSTER_ARN = "arn:aws:ecs:us-east-1:123456789012:cluster/blue"
TASK_ID = "0123456789abcdef0123456789abcdef"
TASK_ARN = f"arn:aws:ecs:us-east-1:123456789012:task/blue/{TASK_ID}"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE, FLAG = 1, 3, 5, 6, 7, 10
WINDOW, PIECE, AGAIN_S = 64, 1024, 0.3


def task(**changed):
    described = {
        "taskArn": TASK_ARN, "clusterArn": CLUSTER_ARN, "lastStatus": "RUNNING", "group": "service:web", "enableExecuteCommand": True,
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7", "startedAt": 1700000000.0,
        "containers": [{"name": "app", "runtimeId": "r-1", "lastStatus": "RUNNING",
                        "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]}]}
    described.update(changed)
    return described


def message(kind, sequence, payload_type, payload, flags=0):
    unique = uuid.uuid4().bytes
    return (struct.pack(">I", 116) + kind.ljust(32).encode() + struct.pack(">IQqQ", 1, int(time.time() * 1000), sequence, flags)
            + unique[8:] + unique[:8] + hashlib.sha256(payload).digest() + struct.pack(">II", payload_type, len(payload)) + payload)


class Network:
    """What becomes of a message: of a hundred so many are lost or come twice, each comes up to so much late; after `cut_every` of them
    the connection is reset."""

    def __init__(self, lost=0, twice=0, late_s=0.0, cut_every=0, seed=1):
        self.lost, self.twice, self.late_s, self.cut_every = lost, twice, late_s, cut_every
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.left = cut_every

    def copies(self):
        with self.lock:
            fate = self.chance.randrange(100)
        return 0 if fate < self.lost else 2 if fate < self.lost + self.twice else 1

    def delay_s(self):
        with self.lock:
            return self.chance.random() * self.late_s

    def cuts(self):
        with self.lock:
            self.left -= 1
            if self.cut_every and self.left <= 0:
                self.left = self.cut_every
                return True
        return False


class Connection:
    """A server's WebSocket."""

    def __init__(self, sock, reader):
        self.sock, self.reader, self.lock = sock, reader, threading.Lock()

    def send(self, payload, opcode=2):
        size = len(payload)
        head = bytes([0x80 | opcode]) + (bytes([size]) if size < 126 else struct.pack(">BH", 126, size) if size < 65536
                                         else struct.pack(">BQ", 127, size))
        with self.lock:
            self.sock.sendall(head + payload)

    def receive(self):
        """The next message and whether it is a text; None at the end. Pings are counted by who asks."""
        first, second = self.exactly(2)
        size = second & 127
        size = struct.unpack(">H", self.exactly(2))[0] if size == 126 else struct.unpack(">Q", self.exactly(8))[0] if size == 127 else size
        assert second & 128, "a client masks"
        mask, payload = self.exactly(4), self.exactly(size)
        whole = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        return first & 15, whole.to_bytes(size, "big")

    def exactly(self, size):
        got = self.reader.read(size)
        if len(got) < size:
            raise EOFError
        return got

    def reset(self):
        try:
            self.sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER
            self.sock.shutdown(2)
        except OSError:
            pass


class Agent:
    """One session: the process, and what of it the client has."""

    def __init__(self, world, command, session_id):
        self.world, self.command, self.session_id = world, command, session_id
        self.token = "token-" + uuid.uuid4().hex
        self.connection, self.lock = None, threading.RLock()
        self.room = threading.Condition(self.lock)
        self.next_out, self.unacked = 0, {}  # sequence -> [bytes, when it was sent]
        self.expected_in, self.early = 0, {}
        self.master, self.child, self.closed, self.sizes = None, None, False, []
        threading.Thread(target=self.repeat, daemon=True).start()

    # ---- to the client

    def post(self, payload):
        network, connection = self.world.network, self.connection
        for _ in range(network.copies()):
            delay_s = network.delay_s()
            if delay_s:
                threading.Timer(delay_s, self.deliver, [connection, payload]).start()
            else:
                self.deliver(connection, payload)
        if connection and network.cuts():
            connection.reset()

    def deliver(self, connection, payload):
        try:
            if connection:
                connection.send(payload)
        except OSError:
            pass

    def say(self, payload_type, payload):
        with self.room:
            while len(self.unacked) >= WINDOW and not self.closed:
                self.room.wait(1)
            sent = message("output_stream_data", self.next_out, payload_type, payload)
            self.unacked[self.next_out] = [sent, time.monotonic()]
            self.next_out += 1
        self.post(sent)

    def repeat(self):
        while not self.closed:
            time.sleep(0.1)
            with self.lock:
                late = [kept for kept in self.unacked.values() if time.monotonic() - kept[1] > AGAIN_S][:8]
                for kept in late:
                    kept[1] = time.monotonic()
            for kept in late:
                self.post(kept[0])

    def close(self, why):
        deadline = time.monotonic() + 20
        while self.unacked and time.monotonic() < deadline:
            time.sleep(0.02)
        self.closed = True
        payload = json.dumps({"MessageType": "channel_closed", "SessionId": self.session_id, "Output": why}).encode()
        self.deliver(self.connection, message("channel_closed", 0, 0, payload, 3))

    # ---- the process

    def start(self):
        try:
            words = shlex.split(self.command)
            program = words[0] if self.world.has_shell or words[0] != "sh" else None
            assert program, f'exec: "{words[0]}": executable file not found in $PATH'
        except AssertionError as problem:
            self.close(f"Unable to start command: {problem}")
            return
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.chdir(self.world.folder)
            os.environ["PS1"] = "in the container$ "
            os.environ["TERM"] = "xterm"
            try:
                os.execvp(program, words)
            finally:
                os._exit(127)
        self.resize()
        threading.Thread(target=self.pump, daemon=True).start()

    def resize(self):
        if self.master is not None and self.sizes:
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", self.sizes[-1][1], self.sizes[-1][0], 0, 0))

    def pump(self):
        while True:
            try:
                output = os.read(self.master, PIECE)
            except OSError:
                output = b""
            if not output:
                break
            self.say(OUTPUT, output)
        os.waitpid(self.child, 0)
        self.close(self.world.closing)

    # ---- from the client

    def receive(self, payload):
        length, = struct.unpack(">I", payload[:4])
        kind = payload[4:36].decode().strip()
        sequence, = struct.unpack(">q", payload[48:56])
        payload_type, size = struct.unpack(">II", payload[112:120])
        body = payload[120:]
        assert length == 116 and size == len(body) and hashlib.sha256(body).digest() == payload[80:112]
        if kind == "acknowledge":
            with self.room:
                self.unacked.pop(json.loads(body)["AcknowledgedMessageSequenceNumber"], None)
                self.room.notify_all()
            return
        assert kind == "input_stream_data" and len(body) <= PIECE, kind
        acknowledged = {"AcknowledgedMessageType": kind, "AcknowledgedMessageSequenceNumber": sequence, "IsSequentialMessage": True}
        self.post(message("acknowledge", 0, 0, json.dumps(acknowledged).encode(), 3))
        if sequence >= self.expected_in:
            self.early[sequence] = (payload_type, body)
        while self.expected_in in self.early:
            self.take(*self.early.pop(self.expected_in))
            self.expected_in += 1

    def take(self, payload_type, body):
        if payload_type == HANDSHAKE_RESPONSE:
            self.world.handshakes.append(json.loads(body))
            self.say(HANDSHAKE_COMPLETE, json.dumps({"HandshakeTimeToComplete": 1, "CustomerMessage": self.world.greeting}).encode())
            self.start()
        elif payload_type == SIZE:
            size = json.loads(body)
            self.sizes.append((size["cols"], size["rows"]))
            self.resize()
        elif payload_type == FLAG:
            self.kill()
        elif payload_type == OUTPUT and self.master is not None:
            while body:
                select.select([], [self.master], [])
                body = body[os.write(self.master, body):]

    def kill(self):
        self.closed = True
        if self.child:
            try:
                os.kill(self.child, signal.SIGHUP)
            except ProcessLookupError:
                pass

    def serve(self, connection):
        opcode, text = connection.receive()
        while opcode == 9:  # the first ping may come before
            self.world.pings += 1
            opcode, text = connection.receive()
        opening = json.loads(text)
        if opcode != 1 or opening["TokenValue"] != self.token:
            return
        self.world.openings.append(opening)
        with self.lock:
            self.connection = connection
            begins = self.next_out == 0
        if begins:
            shell = {"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands", "Properties": None}}
            request = {"AgentVersion": "3.3.0.0", "RequestedClientActions": [shell] + self.world.actions}
            self.say(HANDSHAKE_REQUEST, json.dumps(request).encode())
        while True:
            opcode, payload = connection.receive()
            if opcode == 9:
                self.world.pings += 1
                connection.send(payload, 10)
            elif opcode == 8:
                return
            elif opcode == 2 and self.world.network.copies() > 0:
                self.receive(payload)


class AgentHandler(Handler):
    def answer_one(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(65536)
            if not line:
                return False
            head += line
        request = Request(head[:-4], b"")
        if "upgrade" in request.headers:
            self.serve_session(request)
            return False
        request.body = self.rfile.read(int(request.headers.get("content-length", 0)))
        self.server.requests.append(request)
        self.connection.sendall(self.server.answer(request))
        return True

    def serve_session(self, request):
        world = self.server.world
        agent = world.agents.get(re.match(r"/v1/data-channel/([^?]+)", request.target).group(1))
        if agent is None or world.refuses_connections > 0:
            world.refuses_connections -= 1
            self.connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return
        accept = base64.b64encode(hashlib.sha1(request.headers["sec-websocket-key"].encode() + GUID).digest()).decode()
        if world.hostile:
            self.connection.sendall(world.hostile(accept))
            self.rfile.read()  # until the other side leaves
            return
        self.connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        try:
            agent.serve(Connection(self.connection, self.rfile))
        except EOFError:
            pass


class Container:
    """The account. Use it in a with statement."""

    def __init__(self, folder, network=None, tasks=None, answers=None, tls=None):
        self.folder, self.network = folder, network or Network()
        self.tasks = [task()] if tasks is None else tasks
        self.answers = answers or {}  # by operation, in place of the usual one
        self.agents, self.openings, self.handshakes, self.commands = {}, [], [], []
        self.actions, self.greeting, self.closing = [], "", "Exiting"
        self.hostile = None  # a function of the right Sec-WebSocket-Accept: the bytes that answer in place of a session
        self.has_shell, self.refuses_connections, self.pings, self.resumed = True, 0, 0, 0
        self.server = Server(self.answer, tls=tls)
        self.server.RequestHandlerClass = AgentHandler
        self.server.world = self

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *args):
        for agent in self.agents.values():
            agent.kill()
        self.server.__exit__(*args)

    @property
    def url(self):
        return self.server.url.replace("https://127.0.0.1", "https://localhost")  # the name in a certificate

    @property
    def agent(self):
        return list(self.agents.values())[-1]

    def cut(self):
        """The connection breaks."""
        self.agent.connection.reset()

    def session(self, agent):
        return {"sessionId": agent.session_id, "tokenValue": agent.token,
                "streamUrl": f"ws{self.url[4:]}/v1/data-channel/{agent.session_id}?role=publish_subscribe"}

    def execute(self, input):
        self.commands.append(input["command"])
        agent = Agent(self, input["command"], "ecs-execute-command-" + uuid.uuid4().hex[:17])
        self.agents[agent.session_id] = agent
        return ok_json({"clusterArn": CLUSTER_ARN, "taskArn": TASK_ARN, "containerName": "app", "interactive": True,
                        "session": self.session(agent)})

    def resume(self, input):
        self.resumed += 1
        agent = self.agents[input["SessionId"]]
        agent.token = "token-" + uuid.uuid4().hex
        session = self.session(agent)
        return ok_json({"SessionId": agent.session_id, "TokenValue": agent.token, "StreamUrl": session["streamUrl"]})

    def answer(self, request):
        operation = request.operation
        given = self.answers.get(operation)
        input = json.loads(request.body) if request.headers.get("x-amz-target") else {}
        if given:
            return given(input) if callable(given) else given
        if operation == "ExecuteCommand":
            return self.execute(input)
        if operation == "ResumeSession":
            return self.resume(input)
        if operation == "ListTasks":
            return ok_json({"taskArns": [one["taskArn"] for one in self.tasks]})
        if operation == "DescribeTasks":
            wanted = [one for one in self.tasks if any(one["taskArn"].endswith(name) for name in input["tasks"])]
            return ok_json({"tasks": wanted, "failures": []})
        if request.headers.get("x-amz-target"):
            return json_error("AccessDeniedException", "not authorized")
        return xml_error("AccessDenied", "not authorized", 403)
