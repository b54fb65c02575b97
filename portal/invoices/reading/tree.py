"""Walking an XML document by local names: namespaces are checked once, at the root."""

from collections.abc import Iterator, Sequence

from lxml import etree

_NOTHING: Sequence["Node"] = ()


class Node:
    """An element whose children are looked up by their local names; what is not there is an empty node.

    Most children are leaves of which only the text is asked for: they are never wrapped.
    """

    __slots__ = ("_children", "_first", "element")

    def __init__(self, element: etree._Element | None) -> None:
        self.element = element
        self._children: dict[str, list[etree._Element]] | None = None
        self._first: dict[str, Node] = {}

    def __bool__(self) -> bool:
        return self.element is not None

    def named(self, name: str) -> list[etree._Element] | None:
        """The children of this name as they are."""
        children = self._children
        if children is None:
            children = self._children = {}
            for child in self.element if self.element is not None else ():
                tag = child.tag
                local = tag[tag.rfind("}") + 1 :]
                if local in children:
                    children[local].append(child)
                else:
                    children[local] = [child]
        return children.get(name)

    def all(self, name: str) -> Sequence["Node"]:
        """Every child of this name."""
        found = self.named(name)
        return [Node(element) for element in found] if found else _NOTHING

    def one(self, *path: str) -> "Node":
        """The first element down a path."""
        node = self
        for name in path:
            held = node._first.get(name)
            if held is None:
                found = node.named(name)
                if found is None:
                    return ABSENT
                held = node._first[name] = Node(found[0])
            node = held
        return node

    def either(self, *names: str) -> "Node":
        """The first child that has one of these names."""
        for name in names:
            if found := self.one(name):
                return found
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
        if not path:
            return (self.element.text or "").strip() if self.element is not None else ""
        node = self.one(*path[:-1]) if len(path) > 1 else self
        found = node.named(path[-1])
        return (found[0].text or "").strip() if found else ""

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
