"""Walking an XML document by local names: namespaces are checked once, at the root."""

from collections.abc import Iterator, Sequence

from lxml import etree

_NOTHING: Sequence["Node"] = ()


class Node:
    """An element whose children are looked up by their local names; what is not there is an empty node."""

    __slots__ = ("_children", "element")

    def __init__(self, element: etree._Element | None) -> None:
        self.element = element
        self._children: dict[str, list[Node]] | None = None

    def __bool__(self) -> bool:
        return self.element is not None

    def all(self, name: str) -> Sequence["Node"]:
        """Every child of this name."""
        if self._children is None:
            self._children = {}
            if self.element is not None:
                for child in self.element:
                    tag = child.tag
                    self._children.setdefault(tag[tag.rfind("}") + 1 :], []).append(Node(child))
        return self._children.get(name, _NOTHING)

    def one(self, *path: str) -> "Node":
        """The first element down a path."""
        node = self
        for name in path:
            found = node.all(name)
            if not found:
                return ABSENT
            node = found[0]
        return node

    def either(self, *names: str) -> "Node":
        """The first child that has one of these names."""
        for name in names:
            if found := self.all(name):
                return found[0]
        return ABSENT

    def many(self, *path: str) -> Iterator["Node"]:
        """Every element of the last name under every element of the names before it."""
        if len(path) == 1:
            yield from self.all(path[0])
            return
        for node in self.all(path[0]):
            yield from node.many(*path[1:])

    def text(self, *path: str) -> str:
        """The text of the first element down a path, without the spaces around it; "" when there is none."""
        element = self.one(*path).element
        return (element.text or "").strip() if element is not None else ""

    def attribute(self, name: str) -> str:
        """An attribute of this element, or ""."""
        value = None if self.element is None else self.element.get(name)
        return value.strip() if value else ""


ABSENT = Node(None)


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    tag = str(element.tag)
    return tag[tag.rfind("}") + 1 :]


def namespace(element: etree._Element) -> str:
    """The namespace of an element, or ""."""
    return str(element.tag)[1:].partition("}")[0] if str(element.tag).startswith("{") else ""
