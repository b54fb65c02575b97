"""Whether our own mail server backs the address in From: its Authentication-Results, and nobody else's (RFC 8601)."""

import re
from collections.abc import Collection, Iterable

import authres
from authres import dmarc

from portal.mail.incoming.headers import LONGEST_FIELD, Head
from portal.mail.incoming.message import Address, Backing

_FIELD = "authentication-results"
#: A server writes two or three such fields; more are somebody's attempt.
MOST = 10
_LABELS = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_CONTEXT = authres.FeatureContext(dmarc)


def backing(head: Head, senders: Collection[Address], *, trusted: Collection[str]) -> Backing:
    """What our server, by one of its names, found of the one address in From.

    The topmost result of each method counts: our server writes above whatever came with the message. Where
    DMARC gives no verdict, an SPF or DKIM domain that is the address's own backs it, as DMARC itself would reckon.
    """
    domains = {address.mail.rpartition("@")[2] for address in senders}
    if len(senders) != 1 or len(head.all("from")) != 1 or not all(domains):
        return Backing.UNKNOWN
    domain = domains.pop()
    found: dict[str, list[authres.AuthenticationResult]] = {}
    for results in _ours(head, trusted):
        methods: dict[str, list[authres.AuthenticationResult]] = {}
        for result in results:
            methods.setdefault(str(getattr(result, "method", "")).lower(), []).append(result)
        for method, each in methods.items():
            found.setdefault(method, each)
    for result in found.get("dmarc", []):
        verdict = (result.result or "").lower()
        if verdict == "fail":
            return Backing.REFUTED
        if verdict == "pass" and _domain(result, "header", "from") in {"", domain}:
            return Backing.BACKED
    backed = any(
        (result.result or "").lower() == "pass" and _is_own(_domain(result, part, name), domain)
        for method, part, names in (("dkim", "header", ("d", "i")), ("spf", "smtp", ("mailfrom", "helo")[:1]))
        for result in found.get(method, [])
        for name in names
    )
    if backed:
        return Backing.BACKED
    failed = any((result.result or "").lower() in {"fail", "hardfail"} for result in found.get("spf", []))
    return Backing.REFUTED if failed else Backing.UNKNOWN


def _ours(head: Head, trusted: Collection[str]) -> Iterable[list[authres.AuthenticationResult]]:
    names = {name.lower() for name in trusted}
    for raw in head.all(_FIELD)[:MOST]:
        value = raw[:LONGEST_FIELD].decode("ascii", "replace").strip()
        if (
            value.split(";")[0].split("(")[0].split()[:1]
            and value.split(";")[0].split("(")[0].split()[0].lower() not in names
        ):
            continue
        try:
            parsed = _CONTEXT.parse_value(value[:8000])
        except (authres.AuthResError, ValueError, IndexError, AttributeError, TypeError, RecursionError):
            continue
        if str(parsed.authserv_id).lower() in names:
            yield list(parsed.results)


def _domain(result: authres.AuthenticationResult, part: str, name: str) -> str:
    for each in result.properties:
        if each.type == part and each.name == name:
            found = str(each.value or "").rpartition("@")[2].lower().rstrip(".")
            return found if _LABELS.fullmatch(found) else ""
    return ""


def _is_own(domain: str, own: str) -> bool:
    """Whether a domain and the address's belong together: the same, or one below the other."""
    return bool(domain) and (domain == own or own.endswith(f".{domain}") or domain.endswith(f".{own}"))
