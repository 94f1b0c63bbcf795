"""Runs the steps of a runbook: `idp` in this process on a real database and key file, the rest as what it is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from idp.cli import main
from tests.runbooks.reading import Block, shown_by
from tests.support.postgresql import find_programs

_ASSIGNS = re.compile("[A-Z_]+=").match
PLAIN = frozenset({"install", "mv", "pg_dump", "pg_restore"})
"""What else a runbook may use: nothing that reaches beyond the files it names."""


@dataclass
class Node:
    """A node as the reader of a runbook has it before them."""

    folder: Path
    environment: dict[str, str]
    new_postgresql: Callable[[], str]
    names: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    output: str = ""
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def programs(self) -> Path:
        """Where PostgreSQL's own programs are, in the version of the tests' server."""
        return find_programs()

    def once(self, name: str, look: Callable[[], str]) -> str:
        """Give what stood for a name when it was first met."""
        if name not in self._known:
            self._known[name] = look()
        return self._known[name]

    def idp(self, *arguments: str, stdin: str = "y\n", **more: str) -> str:
        """Run a command that must succeed; gives what it printed."""
        status, output = self._idp(arguments, {}, stdin, more)
        assert 0 == status, f"idp {shlex.join(arguments)}: {output}"
        return output

    def follow(self, blocks: list[Block]) -> None:
        """Take the steps, in order, and compare what is seen with what the runbook promises."""
        for block in blocks:
            if block.kind == "text":
                self._compare(block)
            elif block.kind == "toml":
                self._set(tomllib.loads("\n".join(block.lines)))
            else:
                self.output = "".join(self._run(line, block.kind) for line in block.lines)

    def _compare(self, block: Block) -> None:
        for line in map(self._filled_in, block.lines):
            assert shown_by(line, self.output), f"promised: {line}\nprinted:\n{self.output}"

    def _set(self, settings: Mapping[str, Any]) -> None:
        for name, value in settings.items():
            text = ",".join(value) if isinstance(value, list) else str(value)
            self.environment[f"IDP_{name.upper()}"] = self._filled_in(text)

    def _run(self, line: str, kind: str) -> str:
        command, _, file = self._filled_in(line).partition(" > ")
        words = shlex.split(command)
        assigned = {name: value for name, _, value in (word.partition("=") for word in takewhile(_ASSIGNS, words))}
        words = words[len(assigned) :]
        if words[0] == "idp":
            person = {"LOGNAME": "another"} if kind == "sh by another" else {}
            status, output = self._idp(tuple(words[1:]), assigned, "y\n", person)
        else:
            assert words[0] in PLAIN, f"{words[0]}: a runbook uses idp, {', '.join(sorted(PLAIN))}"
            places = os.pathsep.join([str(self.programs), os.environ["PATH"]])
            found = shutil.which(words[0], path=places)
            assert found, f"{words[0]} is not installed"
            done = subprocess.run([found, *words[1:]], cwd=self.folder, capture_output=True, text=True, check=False)
            status, output = done.returncode, done.stdout + done.stderr
        assert (kind == "sh fails") == bool(status), f"{line} ended with {status}:\n{output}"
        if file:
            (self.folder / file).write_text(output)
            return ""
        return output

    def _idp(
        self, arguments: tuple[str, ...], assigned: Mapping[str, str], stdin: str, more: Mapping[str, str]
    ) -> tuple[int, str]:
        placed = [str(self.folder / word) if word.endswith(".jsonl") else word for word in arguments]
        result = CliRunner().invoke(main, placed, input=stdin, env={**self.environment, **assigned, **more})
        return result.exit_code, result.output

    def _filled_in(self, line: str) -> str:
        for name, value in self.names.items():
            if name in line:
                line = line.replace(name, value())
        return line


def command_exists(line: str) -> bool:
    """Tell whether the command that a sentence names is there, with the options that it names."""
    command: click.Command = main
    words = shlex.split(line)[1:]
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        if found is None:
            return False
        command = found
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return {word for word in words if word.startswith("-")} <= options | {"--help"}
