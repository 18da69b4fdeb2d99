"""What each of them does, for Locust.

`CROWD_PASSWORD` and `CROWD_COUNT` say whose accounts there are: person0, person1 and so on. Besides
Locust's own figures there are those of the kind "wait": from the creation of an execution to its
start, as the server tells it.
"""

from __future__ import annotations

import itertools
import os
from datetime import datetime
from typing import Any

from locust import FastHttpUser, between
from locust.exception import StopUser

API = "/api/v1"
PASSWORD = os.environ["CROWD_PASSWORD"]
COUNT = int(os.environ["CROWD_COUNT"])
WAIT_SECONDS = 60

_numbers = itertools.count()

MAIN = "from lib.greeting import greet\n\nprint(greet(input()))\n"
GREETING = 'def greet(name):\n    return f"hello {name} {NUMBER}"\n\n\nNUMBER = 0\n'
SETUP = {"runtime": "python", "entry": "main.py", "stdin": "ada\n"}
FILES = [
    {"path": "main.py", "content": MAIN},
    {"path": "lib/greeting.py", "content": GREETING},
]
SMALL = {
    "python": ("main.py", "print(sum(range(1000)))", "499500\n"),
    "javascript": ("main.js", "console.log([1, 2, 3].map(x => x * x).join())", "1,4,9\n"),
    "bash": ("main.sh", 'for i in 1 2 3; do printf "$i "; done', "1 2 3 "),
    "c": ("main.c", '#include <stdio.h>\nint main(void){puts("hi");}', "hi\n"),
}


class Person(FastHttpUser):
    wait_time = between(1.5, 4.5)
    connection_timeout = network_timeout = 90.0

    def on_start(self) -> None:
        self.headers: dict[str, str] = {}
        self.revision = 1
        name = f"person{next(_numbers) % COUNT}"
        login = {"login": name, "password": PASSWORD}
        answer = self.ask("POST", "/auth/login", "log in", json=login)
        if not answer:
            # Whoever cannot log in goes home.
            raise StopUser
        self.headers = {"Authorization": f"Bearer {answer['access_token']}"}
        body = {"name": f"Greeter of {name}", "setup": SETUP, "files": FILES}
        made = self.ask("POST", "/projects", "create project", status=201, json=body)
        self.project = made["project"]["id"]
        self.small = itertools.cycle(SMALL)

    def ask(
        self, method: str, path: str, name: str, *, status: int = 200, **content: Any
    ) -> dict[str, Any]:
        """Return the answer; what is not as it should be counts as a failure."""
        headers = self.headers | content.pop("headers", {})
        with self.rest(method, f"{API}{path}", name=name, headers=headers, **content) as answer:
            if answer.status_code != status:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
                return {}
            return dict(answer.js or {})

    def note(self, execution: dict[str, Any], expected: str) -> None:
        """Count the wait of an execution, and what is wrong with it."""
        problem = None
        if execution.get("outcome") != "succeeded":
            problem = f"ended {execution.get('state')} {execution.get('outcome')}"
        elif execution["steps"][-1]["stdout"] != expected:
            problem = f"printed {execution['steps'][-1]['stdout']!r}"
        started, created = execution.get("started_at"), execution.get("created_at")
        waited = 0.0
        if started and created:
            gap = datetime.fromisoformat(started) - datetime.fromisoformat(created)
            waited = gap.total_seconds() * 1000
        self.environment.events.request.fire(
            request_type="wait",
            name="execution",
            response_time=waited,
            response_length=0,
            exception=RuntimeError(problem) if problem else None,
            context={},
        )

    def run_project(self) -> None:
        path = f"/projects/{self.project}/run"
        body = {"wait": WAIT_SECONDS}
        execution = self.ask("POST", path, "run project", status=201, json=body)
        self.note(execution, f"hello ada {self.revision - 1}\n")

    def change_and_run(self) -> None:
        number = self.revision
        content = GREETING.replace("NUMBER = 0", f"NUMBER = {number}")
        body = {"put": [{"path": "lib/greeting.py", "content": content}]}
        headers = {"If-Match": f'"{number}"'}
        path = f"/projects/{self.project}/revisions"
        saved = self.ask("POST", path, "save revision", status=201, json=body, headers=headers)
        if saved:
            self.revision = number + 1
            self.run_project()

    def run_small(self) -> None:
        runtime = next(self.small)
        path, content, expected = SMALL[runtime]
        body = {
            "runtime": runtime,
            "files": [{"path": path, "content": content}],
            "wait": WAIT_SECONDS,
        }
        execution = self.ask("POST", "/executions", f"run {runtime}", status=201, json=body)
        self.note(execution, expected)

    def look_around(self) -> None:
        self.ask("GET", "/projects", "list projects")
        self.ask("GET", f"/projects/{self.project}", "view project")
        self.ask("GET", "/executions", "list executions")

    def look_at_oneself(self) -> None:
        self.ask("GET", "/account", "view account")
        self.ask("GET", "/limits", "view limits")
        self.ask("GET", "/runtimes", "list runtimes")

    def share(self) -> None:
        body = {"visibility": "public", "tags": ["greeting"]}
        self.ask("PATCH", f"/projects/{self.project}/sharing", "share", json=body)

    def browse(self) -> None:
        found = self.ask("GET", "/gallery?query=greeter&sort=stars", "search gallery")
        for item in found.get("items", ())[:1]:
            key = item["key"]
            self.ask("GET", f"/shared/{key}", "view shared")
            self.ask("POST", f"/shared/{key}/star", "star")

    tasks = {  # noqa: RUF012  Locust reads it from the class.
        run_project: 6,
        change_and_run: 4,
        run_small: 6,
        look_around: 4,
        look_at_oneself: 2,
        share: 1,
        browse: 2,
    }
