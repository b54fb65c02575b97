"""A quote is accepted in two steps from a phone's mail; every try that cannot succeed has its page and stays in the log."""

import re
from datetime import UTC, datetime

import pytest

from portal.quotes.quote_rules import Act, State
from tests.accounts.conftest import CLAIRE, MARC, Visitor
from tests.accounts.test_sign_in import everything
from tests.quotes.conftest import hidden, signed_in
from tests.quotes.quoting import DESK, MINE, PDF, Room, press

FIRST, STAFF_PAGE = f"{MINE}/DEV-2026-0001", f"{DESK}/DEV-2026-0001"
SIGNED = {"name": "Claire Muller", "capacity": "gérante", "terms": "y"}


def state(room: Room) -> State:
    found: State = room.see("DEV-2026-0001", lambda quote: quote.state)
    return found


def acts(room: Room) -> list[Act]:
    found: list[Act] = room.see("DEV-2026-0001", lambda quote: [act.act for act in quote.acts])
    return found


def first_step(reader: Visitor, base: str, **values: str) -> None:
    press(reader, f"{base}/accepter", on=f"{base}/accepter", **{**SIGNED, **values})
    assert reader.location == f"{base}/confirmer"


def by_code(reader: Visitor, path: str, *, on: str, room: Room, **values: str) -> None:
    """Both steps of an answer by the link of a mail: the page of its code, then the code."""
    data = hidden(press(reader, path, on=on, status=200, **values))
    reader.send(path, 303, **data, code=room.portal.code(CLAIRE))


def accepted(room: Room) -> tuple[Visitor, str]:
    room.sent()
    reader, link = room.opened()
    first_step(reader, link)
    press(reader, f"{link}/confirmer", on=f"{link}/confirmer", code=room.portal.code(CLAIRE))
    return reader, link


def test_from_the_mail_to_the_order_by_a_code(room: Room) -> None:
    room.sent(conditions="Formation comprise.")
    reader, link = room.opened()
    page = reader.open(f"{link}/accepter")
    assert "Étape 1 sur 2" in page
    assert "checked" not in page
    assert "3\u202f362,40" in page
    assert 'id="conditions"' in page
    assert 'id="derogations"' not in page
    first_step(reader, link, conditions="y")
    assert room.portal.mails(CLAIRE)[-1].subject == "Votre code pour accepter le devis DEV-2026-0001"
    page = reader.open(f"{link}/confirmer")
    assert "Claire Muller, gérante, accepte pour Boulangerie Muller" in page
    assert CLAIRE in page
    assert state(room) is State.RECEIVED
    press(reader, f"{link}/confirmer", on=f"{link}/confirmer", code=room.portal.code(CLAIRE))
    assert state(room) is State.ACCEPTED
    page = reader.open(link)
    assert "Nous devons l'accepter à notre tour" in page
    act = room.see("DEV-2026-0001", lambda quote: quote.acceptance)
    assert (act.name, act.capacity, act.mail, len(act.consents)) == ("Claire Muller", "gérante", CLAIRE, 2)
    assert act.identified_by == f"lien personnel et code envoyés à {CLAIRE}"
    assert act.ip == "127.0.0.1"
    staff = room.staff()
    assert "accepté par le client, à accepter ou décliner" in staff.open("/espace-client/bureau/")
    press(staff, f"{STAFF_PAGE}/confirmer", on=STAFF_PAGE)
    assert state(room) is State.FINAL
    assert "CMD-2026-0001 est définitive" in reader.open(link)
    assert "se prépare" in reader.open(link)
    assert "en préparation" in reader.open(f"{link}/preuve", 503)


def test_a_signed_in_signatory_is_asked_for_no_code(room: Room) -> None:
    room.sent()
    claire = signed_in(room.portal, CLAIRE)
    press(claire, f"{FIRST}/lire", on=FIRST)
    first_step(claire, FIRST)
    assert "code" not in re.sub(r"<head>.*?</head>", "", claire.open(f"{FIRST}/confirmer"), flags=re.DOTALL).lower()
    press(claire, f"{FIRST}/confirmer", on=f"{FIRST}/confirmer")
    assert state(room) is State.ACCEPTED
    assert room.mails("quote_code") == []
    act = room.see("DEV-2026-0001", lambda quote: quote.acceptance)
    assert act.identified_by.startswith("connexion à l'espace client")


@pytest.mark.parametrize("missing", ["name", "capacity", "terms"])
def test_nothing_is_accepted_without_a_name_a_capacity_and_the_box(room: Room, missing: str) -> None:
    room.sent()
    reader, link = room.opened()
    values = {name: value for name, value in SIGNED.items() if name != missing}
    page = press(reader, f"{link}/accepter", on=f"{link}/accepter", status=422, **({"name": ""} | values))
    assert f'id="{missing}-error"' in page
    assert room.mails("quote_code") == []
    reader.open(f"{link}/confirmer", 303)


def test_each_thing_one_consents_to_has_a_box_of_its_own(room: Room) -> None:
    room.sent(conditions="x", derogations=[{"words": "y", "day": "20/11/2026", "article": "7.4"}])
    reader, link = room.opened()
    page = press(reader, f"{link}/accepter", on=f"{link}/accepter", status=422, **SIGNED)
    assert 'id="conditions-error"' in page
    assert 'id="derogations-error"' in page


def test_a_wrong_code_is_told_kept_in_the_log_and_another_one_can_be_had(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    first_step(reader, link)
    code = room.portal.code(CLAIRE)
    wrong = "000000" if code != "000000" else "000001"
    page = press(reader, f"{link}/confirmer", on=f"{link}/confirmer", status=422, code=wrong)
    assert "n'est pas le bon" in page
    assert wrong not in page
    assert room.kinds()[-1] == "quotes.acceptance_denied"
    press(reader, f"{link}/code", on=f"{link}/confirmer")
    assert room.portal.code(CLAIRE) != code
    press(reader, f"{link}/confirmer", on=f"{link}/confirmer", status=422, code=code)
    press(reader, f"{link}/confirmer", on=f"{link}/confirmer", code=room.portal.code(CLAIRE))
    assert state(room) is State.ACCEPTED


def test_no_more_codes_than_five_an_hour_and_the_page_says_so(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    first_step(reader, link)
    for _ in range(4):
        press(reader, f"{link}/code", on=f"{link}/confirmer")
    press(reader, f"{link}/code", on=f"{link}/confirmer")
    assert "attendez un peu" in reader.open(f"{link}/confirmer")
    assert "Plusieurs codes" in press(reader, f"{link}/accepter", on=f"{link}/accepter", status=429, **SIGNED)
    assert len(room.mails("quote_code")) == 5


def test_a_double_click_is_one_acceptance_and_both_see_the_result(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    first_step(reader, link)
    data = {**hidden(reader.open(f"{link}/confirmer")), "code": room.portal.code(CLAIRE)}
    for _ in range(2):
        reader.last = reader.client.post(f"{link}/confirmer", data=data)
        reader._page(303)
        assert reader.location == link
    assert acts(room) == [Act.ACCEPTED]
    assert len(room.mails("quote_accepted")) == 1


def test_another_window_of_the_same_signatory_comes_too_late_and_is_told(room: Room) -> None:
    room.sent()
    first, link = room.opened()
    second, _ = room.opened()
    first_step(first, link)
    code = room.portal.code(CLAIRE)
    first_step(second, link)
    data = {**hidden(second.open(f"{link}/confirmer")), "code": room.portal.code(CLAIRE)}
    press(first, f"{link}/confirmer", on=f"{link}/confirmer", code=code)
    second.last = second.client.post(f"{link}/confirmer", data=data)
    assert "déjà accepté, par Claire Muller" in second._page(409)
    assert acts(room) == [Act.ACCEPTED]
    assert room.kinds()[-1] == "quotes.acceptance_denied"


def test_an_expired_quote_is_not_accepted_by_a_direct_post(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    first_step(reader, link)
    data = {**hidden(reader.open(f"{link}/confirmer")), "code": room.portal.code(CLAIRE)}
    room.portal.clock.moment = datetime(2026, 12, 3, 23, 0, 0, tzinfo=UTC)
    before = len(room.portal.mails())
    reader.last = reader.client.post(f"{link}/confirmer", data=data)
    page = reader._page(409)
    assert "il est trop tard" in page
    assert "Demander un nouveau devis" in page
    reader.last = reader.client.post(f"{link}/accepter", data={**data, **SIGNED})
    assert "il est trop tard" in reader._page(409)
    assert (acts(room), state(room)) == ([], State.RECEIVED)
    assert len(room.portal.mails()) == before
    assert room.kinds()[-2:] == ["quotes.acceptance_denied"] * 2
    reader.open(f"{link}/accepter", 303)


def test_a_colleague_without_the_role_is_refused_by_link_and_signed_in_and_it_is_kept(room: Room) -> None:
    room.sent(to=(MARC,))
    marc, link = room.opened(MARC)
    inside = signed_in(room.portal, MARC)
    for visitor, base in ((marc, link), (inside, FIRST)):
        token = hidden(visitor.open(base))["csrf_token"]
        before = len(room.kinds())
        for path, data in (
            ("accepter", SIGNED), ("confirmer", {"code": "123456", "key": "x"}), ("code", {}),
            ("refuser", {"reason": "non"}), ("reprendre", {}),
        ):  # fmt: skip
            visitor.last = visitor.client.post(f"{base}/{path}", data={"csrf_token": token, **data})
            assert "ne permet pas de signer" in visitor._page(403), path
        assert len(room.kinds()) == before + 5
        visitor.open(f"{base}/accepter", 303)
    assert acts(room) == []
    assert room.mails("quote_code") == []


def test_get_and_head_bind_nobody_at_any_moment(room: Room) -> None:
    reader, link = accepted(room)
    claire, before = signed_in(room.portal, CLAIRE), everything(room.portal)
    staff = room.staff()
    before = everything(room.portal)
    for visitor, base in ((reader, link), (claire, FIRST), (staff, STAFF_PAGE)):
        for path in (
            "", "/lire", "/accepter", "/confirmer", "/code", "/refuser", "/reprendre", "/transmettre", "/nouveau-devis",
            "/question", "/envoyer", "/retirer", "/papier", "/reception", "/decliner", "/corriger", "/renouveler",
        ):  # fmt: skip
            for verb in ("get", "head"):
                assert getattr(visitor.client, verb)(f"{base}{path}").status_code < 500, path
    assert everything(room.portal) == before


def test_posts_without_a_token_change_nothing(room: Room) -> None:
    reader, link = accepted(room)
    staff, before = room.staff(), None
    before = everything(room.portal)
    for visitor, base, paths in (
        (reader, link, ("lire", "accepter", "confirmer", "code", "refuser", "reprendre", "transmettre", "question")),
        (staff, STAFF_PAGE, ("confirmer", "decliner", "retirer", "papier", "reception", "repondre", "renouveler")),
    ):
        for path in paths:
            assert visitor.client.post(f"{base}/{path}", data=SIGNED).status_code == 400, path
    assert everything(room.portal) == before


def test_the_acceptance_is_taken_back_until_we_answer_and_not_after(room: Room) -> None:
    reader, link = accepted(room)
    data = hidden(reader.open(link))
    by_code(reader, f"{link}/reprendre", on=link, room=room, reason="Une erreur de ma part.")
    page = reader.open(link)
    assert "Acceptation reprise par le client" in page
    assert "Une erreur de ma part." in page
    assert "Vous pouvez accepter ce devis" in page
    staff = room.staff()
    staff.last = staff.client.post(f"{STAFF_PAGE}/confirmer", data={**hidden(staff.open(STAFF_PAGE)), "key": "z"})
    assert "n'en est plus là" in staff._page(409)
    assert room.kinds()[-1] == "quotes.confirmation_denied"
    first_step(reader, link)
    press(reader, f"{link}/confirmer", on=f"{link}/confirmer", code=room.portal.code(CLAIRE))
    press(staff, f"{STAFF_PAGE}/confirmer", on=STAFF_PAGE)
    reader.last = reader.client.post(f"{link}/reprendre", data={**data, "key": "late"})
    assert "n'attend plus cette réponse" in reader._page(409) or "déjà accepté" in reader._page(409)
    assert state(room) is State.FINAL
    assert room.kinds()[-1] == "quotes.taking_back_denied"


def test_a_refusal_needs_its_reason(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    assert "Écrivez la raison" in press(reader, f"{link}/refuser", on=link, status=422, reason=" ")
    by_code(reader, f"{link}/refuser", on=link, room=room, reason="Trop cher.")
    assert "a été refusé" in reader.open(link)
    assert state(room) is State.REFUSED
    held = room.see("DEV-2026-0001", lambda quote: quote.acts[0])
    assert (held.words, held.identified_by) == ("Trop cher.", f"lien personnel et code envoyés à {CLAIRE}")


def test_a_refusal_by_the_link_takes_a_code_of_its_own_and_a_wrong_one_is_kept(room: Room) -> None:
    room.sent()
    reader, link = room.opened()
    path = f"{link}/refuser"
    first_step(reader, link)
    accepting = room.portal.code(CLAIRE)
    data = hidden(press(reader, path, on=link, status=200, reason="Trop cher."))
    assert room.portal.mails(CLAIRE)[-1].subject == "Votre code pour refuser le devis DEV-2026-0001"
    assert data["reason"] == "Trop cher."
    # The code that was sent to accept refuses nothing.
    page = reader.send(path, 422, **data, code=accepting)
    assert "n'est pas le bon" in page
    assert accepting not in page
    assert state(room) is State.RECEIVED
    assert room.kinds()[-1] == "quotes.refusal_denied"
    refusing = room.portal.code(CLAIRE)
    for _ in range(2):  # and the right one, sent twice, is one refusal
        reader.send(path, 303, **data, code=refusing)
    assert acts(room) == [Act.REFUSED]


def test_a_refusal_signed_in_takes_one_step(room: Room) -> None:
    room.sent()
    claire = signed_in(room.portal, CLAIRE)
    press(claire, f"{FIRST}/lire", on=FIRST)
    press(claire, f"{FIRST}/refuser", on=FIRST, reason="Trop cher.")
    assert state(room) is State.REFUSED
    assert room.mails("quote_code") == []


def test_staff_decline_with_a_reason_that_the_client_reads(room: Room) -> None:
    reader, link = accepted(room)
    staff = room.staff()
    assert "Écrivez la raison" in press(staff, f"{STAFF_PAGE}/decliner", on=STAFF_PAGE, status=422, reason="")
    press(staff, f"{STAFF_PAGE}/decliner", on=STAFF_PAGE, reason="Plus en stock.")
    page = reader.open(link)
    assert "Nous n'avons pas confirmé" in page
    assert "Plus en stock." in page


def test_confirming_twice_is_one_order(room: Room) -> None:
    accepted(room)
    staff = room.staff()
    data = hidden(staff.open(STAFF_PAGE))
    for _ in range(2):
        staff.last = staff.client.post(f"{STAFF_PAGE}/confirmer", data=data)
        staff._page(303)
    assert acts(room) == [Act.ACCEPTED, Act.CONFIRMED]
    assert len(room.mails("quote_final")) == 1


def test_an_adviser_reads_and_does_not_bind(room: Room) -> None:
    from portal.accounts.models import Grant, Person

    accepted(room)
    staff = room.staff()
    data = hidden(staff.open(STAFF_PAGE))
    with room.portal.sessions.begin() as session:
        person = session.get_one(Person, room.portal.ids["nadia@ims.example"])
        person.roles[:] = []
        session.flush()
        person.roles.append(Grant(name="adviser"))
    page = staff.open(STAFF_PAGE)
    assert "Accepter la commande" not in page
    for path in ("confirmer", "decliner", "retirer", "papier", "reception"):
        staff.last = staff.client.post(f"{STAFF_PAGE}/{path}", data=data)
        staff._page(403)
    assert state(room) is State.ACCEPTED


def test_a_signed_paper_is_recorded_with_its_scan(room: Room) -> None:
    room.sent()
    staff, path = room.staff(), f"{STAFF_PAGE}/papier"
    values = {"paper-name": "Claire Muller", "paper-capacity": "gérante", "paper-day": "23/11/2026"}
    assert "c'est lui qui fait preuve" in press(staff, path, on=STAFF_PAGE, status=422, **values)
    press(staff, path, on=STAFF_PAGE, files={"paper-scan": (PDF, "signe.pdf")}, **values)
    assert state(room) is State.ACCEPTED
    assert "sur papier" in staff.open(STAFF_PAGE)
    press(staff, f"{STAFF_PAGE}/confirmer", on=STAFF_PAGE)
    assert "sur papier, le lundi 23" in room.mails("quote_accepted")[0].text


def test_a_late_paper_is_refused_and_kept_in_the_log(room: Room) -> None:
    room.sent(own_last_day="23/11/2026")
    room.portal.clock.pass_(days=2)
    staff, path = room.staff(), f"{STAFF_PAGE}/papier"
    page = press(
        staff, path, on=STAFF_PAGE, status=409, files={"paper-scan": (PDF, "signe.pdf")},
        **{"paper-name": "Claire Muller", "paper-day": "2026-11-24"},
    )  # fmt: skip
    assert "après le dernier jour" in page
    assert room.kinds()[-1] == "quotes.acceptance_denied"
