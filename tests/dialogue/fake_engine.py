"""A small engine with the real one's route, for tests of its supervisor and its client.

    python fake_engine.py PORT

What it is told decides how it behaves: "crash", "hang", "fail", "babble", "say nothing", ...
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERS: dict[str, Any] = {
    "louder": {"intent": "louder", "messages": [{"say": "louder", "do": "louder"}]},
    "twice": {"intent": "greet", "messages": [{"say": "greet"}, {"say": "introduce"}]},
    "bingo": {
        "intent": "greet",
        "messages": [{"say": "greet", "do": "start_activity", "value": "bingo"}],
    },
    "unknown step": {"intent": "tell_joke", "messages": [{"say": "no_such_step"}]},
    "say nothing": {"intent": "greet", "messages": []},
    "strange": {"intent": "greet", "messages": [{"shout": "greet"}]},
}
OTHERWISE = {"intent": "greet", "messages": [{"say": "greet"}]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        turn = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = turn["guesses"][0]["text"]
        if self.headers["authorization"] != f"Bearer {os.environ['FIRESIDE_RASA_TOKEN']}":
            self.reply(401, b"{}")
        elif self.path != "/webhooks/fireside/turn":
            self.reply(404, b"{}")
        elif text == "crash":
            os._exit(7)
        elif text == "hang":
            time.sleep(3600)
        elif text == "fail":
            self.reply(500, b"oh dear")
        elif text == "babble":
            self.reply(200, b"{not json")
        else:
            answer = ANSWERS.get(text, OTHERWISE)
            intent = {"name": answer["intent"], "confidence": 0.9}
            body = {"intent": intent, "ranking": [intent], "messages": answer["messages"]}
            self.reply(200, json.dumps(body).encode())

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
