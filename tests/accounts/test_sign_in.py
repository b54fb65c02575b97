"""Signing in by a code: what lets in, and everything that does not, with nothing changed."""



from tests.accounts.conftest import CLAIRE, Portal


def test_a_code_by_mail_signs_in(portal: Portal) -> None:
    visitor = portal.visitor()
    page = visitor.open("connexion")
    assert "Utiliser ma clé d'accès" in page
    code = portal.ask_code(visitor, CLAIRE)
    visitor.send("connexion", 302, identity=CLAIRE, passcode=code)
    assert visitor.location == "/espace-client/"
    assert visitor.signed_in
