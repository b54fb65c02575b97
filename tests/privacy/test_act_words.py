"""Each key that an act of the log may hold has a French name, for who reads it in the archive."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from portal.privacy.act_words import KEYS
from portal.privacy.opening import readable


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


class Source:
    """The payloads that the source records: their keys, through variables, helpers and verbs that hand keywords on."""

    def __init__(self, portal: Path) -> None:
        self.trees = {
            path: ast.parse(path.read_text()) for path in portal.rglob("*.py") if "migrations" not in path.parts
        }
        self.functions: dict[tuple[str, str], list[ast.FunctionDef]] = defaultdict(list)
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self.functions[path.parent.name, node.name].append(node)
        self.verbs = {
            place: {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
            for place, found in self.functions.items()
            for node in found
            if node.args.kwarg
            and any(isinstance(each, ast.Call) and _called(each) == "record" for each in ast.walk(node))
        }

    def keys(self) -> Iterator[str]:
        for path, tree in self.trees.items():
            room = path.parent.name
            for scope in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
                for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
                    if _called(call) == "record" and len(call.args) > 2:
                        yield from self._of(call.args[2], room, scope, frozenset())
                    for given in call.keywords if (room, _called(call)) in self.verbs else ():
                        if given.arg is None or given.arg not in self.verbs[room, _called(call)]:
                            yield from [given.arg] if given.arg else []
                            yield from self._of(given.value, room, scope, frozenset())

    def _of(self, value: ast.AST, room: str, scope: ast.FunctionDef, seen: frozenset[str]) -> Iterator[str]:
        for node in ast.walk(value):
            if isinstance(node, ast.Dict):
                yield from (
                    key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                )
            elif isinstance(node, ast.Name) and node.id not in seen:
                for made in (each for each in ast.walk(scope) if isinstance(each, ast.Assign | ast.AnnAssign)):
                    targets = made.targets if isinstance(made, ast.Assign) else [made.target]
                    if made.value is not None and any(
                        isinstance(each, ast.Name) and each.id == node.id for each in targets
                    ):
                        yield from self._of(made.value, room, scope, seen | {node.id})
            elif isinstance(node, ast.Call) and _called(node) not in seen:
                if _called(node) == "dict":
                    yield from (each.arg for each in node.keywords if each.arg)
                for helper in self.functions.get((room, _called(node)), ()):
                    for end in (each for each in ast.walk(helper) if isinstance(each, ast.Return) and each.value):
                        yield from self._of(end.value, room, helper, seen | {_called(node)})  # type: ignore[arg-type]


def test_every_key_that_can_be_recorded_has_a_french_name(root: Path) -> None:
    found = set(Source(root / "portal").keys())
    assert len(found) > 100
    assert sorted(found - KEYS.keys()) == []


def test_an_act_is_read_in_french() -> None:
    was = '{"content": "{\\"by\\":[\\"Zoé\\",\\"z@x.example\\"],\\"last_day\\":\\"2026-12-03\\"}", "salt": "AA=="}'
    assert readable(was) == "Par\u00a0: Zoé\nPar\u00a0: z@x.example\nDernier jour\u00a0: 2026-12-03"
