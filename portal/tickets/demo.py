"""Invented tickets for the demo: every way in, every state, a stranger to attach, an appointment to come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.clock import PARIS
from portal.tickets.actions import Asked, Caller, enter_call, open_on_the_portal, ticket_from_mail
from portal.tickets.appointment_actions import Wanted, plan
from portal.tickets.attached import ArrivedMail
from portal.tickets.cover import Cover, cover_of
from portal.tickets.letters import Letters
from portal.tickets.message_actions import write_as_client, write_as_staff
from portal.tickets.models import Ticket
from portal.tickets.rules import Backup, Channel, Impact, Place, Priority, State, Urgency
from portal.tickets.state_actions import Qualified, close, qualify

CLAIRE, PAUL, MAIRIE = "claire@boulangerie.example", "paul@boulangerie.example", "mairie@exempleville.example"


@dataclass(frozen=True, slots=True)
class Story:
    """One ticket of the demo: who, when, what, and what became of it."""

    ago: timedelta
    channel: Channel
    who: str
    subject: str
    words: str
    priority: Priority | None = None  # qualified with it; None: still to qualify
    service: str | None = None
    answers: tuple[tuple[str, str], ...] = ()  # ("staff" | "asks" | "internal" | "client", words)
    state: State | None = None
    urgency: Urgency | None = None
    impact: Impact | None = None


STORIES = (
    Story(
        timedelta(minutes=25), Channel.WEB, CLAIRE, "La caisse n'imprime plus les tickets",
        "Depuis l'ouverture, l'imprimante de la caisse affiche « hors ligne ». Nous l'avons redémarrée deux fois.",
        urgency=Urgency.STOPPED, impact=Impact.SEVERAL,
    ),
    Story(
        timedelta(hours=1), Channel.PHONE, PAUL, "Plus de messagerie sur le poste du bureau",
        "Outlook demande sans cesse le mot de passe.", urgency=Urgency.HINDERED,
    ),
    Story(
        timedelta(hours=2), Channel.VOICEMAIL, MAIRIE, "Rappeler au sujet du wifi de la salle des fêtes",
        "Le wifi ne fonctionne plus, une réunion est prévue jeudi soir.",
    ),
    Story(
        timedelta(hours=3), Channel.MAIL, MAIRIE, "Demande : accès pour une nouvelle collègue",
        "Bonjour,\nMadame Modèle arrive lundi. Merci de lui préparer un compte et une adresse.",
    ),
    Story(
        timedelta(hours=5), Channel.MAIL, "inconnu@fournisseur.example", "Votre serveur envoie des courriels étranges",
        "Bonjour, nous recevons des messages suspects de votre domaine.",
    ),
    Story(
        timedelta(days=1), Channel.WEB, PAUL, "Le serveur redémarre tout seul",
        "Deux fois cette nuit. La sauvegarde n'a pas tourné.", Priority.URGENT, "remote-server",
        (("staff", "Nous regardons les journaux du serveur."), ("internal", "Alimentation suspecte, voir la garantie.")),
        State.OPEN, Urgency.STOPPED, Impact.EVERYBODY,
    ),
    Story(
        timedelta(days=2), Channel.WEB, MAIRIE, "Installer le logiciel d'état civil sur le poste 3",
        "L'éditeur a livré la nouvelle version.", Priority.NORMAL, "onsite-software",
        (("staff", "Nous venons l'installer sur place."),), State.PLANNED, Urgency.CALM, Impact.ONE,
    ),
    Story(
        timedelta(days=3), Channel.WEB, CLAIRE, "Partage de fichiers très lent",
        "Ouvrir un fichier Excel prend une minute.", Priority.HIGH, "remote-server",
        (("asks", "Est-ce lent sur tous les postes, ou sur le vôtre seulement ?"),), State.WAITING, Urgency.HINDERED,
    ),
    Story(
        timedelta(days=4), Channel.PHONE, CLAIRE, "Changer le mot de passe du site",
        "Le mot de passe a été oublié.", Priority.LOW, "remote-desktop",
        (("staff", "C'est fait : le nouveau mot de passe vous est donné par téléphone."),), State.RESOLVED,
    ),
    Story(
        timedelta(days=9), Channel.WEB, PAUL, "Écran noir au démarrage",
        "Le poste de la réserve ne démarre plus.", Priority.HIGH, "onsite-desktop",
        (("staff", "La barrette de mémoire a été remplacée."), ("client", "Tout fonctionne, merci !")), State.CLOSED,
        Urgency.STOPPED, Impact.ONE,
    ),
    Story(
        timedelta(days=15), Channel.MAIL, MAIRIE, "Certificat du site expiré", "Un avertissement s'affiche.",
        Priority.NORMAL, "remote-server", (("staff", "Le certificat est renouvelé."),), State.CLOSED,
    ),
    Story(
        timedelta(days=20), Channel.WEB, CLAIRE, "Préparer l'ouverture du second magasin",
        "Réseau, caisses et téléphones pour le printemps.", Priority.LOW, "project",
        (("client", "Le bail est signé, l'ouverture est prévue en avril."),), State.OPEN, Urgency.CALM, Impact.EVERYBODY,
    ),
)  # fmt: skip


def load(session: Session, *, letters: Letters, adviser: Person, now: datetime) -> None:
    """Put the invented tickets into the base, in the caller's transaction; ``adviser`` sees to them."""
    for number, story in enumerate(STORIES):
        at = now - story.ago
        ticket = _opened(session, story, number, letters=letters, adviser=adviser, at=at)
        if story.priority is not None:
            _went_on(session, ticket, story, letters=letters, adviser=adviser, at=at + timedelta(minutes=20))


def _opened(session: Session, story: Story, number: int, *, letters: Letters, adviser: Person, at: datetime) -> Ticket:
    person = session.scalars(select(Person).where(Person.email == story.who)).first()
    asked = Asked(
        story.subject, story.words, urgency=story.urgency, impact=story.impact,
        backup=Backup.DONE if story.channel is Channel.WEB else None,
    )  # fmt: skip
    cover, key = _cover(session, letters, person, at), f"demo-{number}"
    if story.channel is Channel.MAIL:
        mail = ArrivedMail(
            key=key, subject=story.subject, text=story.words, from_name=person.name if person else "Jean Inconnu",
            from_mail=story.who, folded="-- \nEnvoyé de mon téléphone", mail_id=f"<{key}@exemple.example>",
        )  # fmt: skip
        return ticket_from_mail(
            session, mail, person=person, quarantined=person is None, cover=cover, letters=letters, at=at
        )
    if person is None:
        raise LookupError(story.who)
    if story.channel is Channel.WEB:
        return open_on_the_portal(
            session, asked, by=person, cover=cover, accepts=True, form_key=key, letters=letters, at=at
        )
    return enter_call(
        session, asked, caller=Caller(person.name, person.email, "03 00 00 00 00", person),
        organisation=person.organisation, channel=story.channel, by=adviser, call_back=story.priority is None,
        cover=cover, form_key=key, letters=letters, at=at,
    )  # fmt: skip


def _cover(session: Session, letters: Letters, person: Person | None, at: datetime) -> Cover:
    organisation = person.organisation_id if person is not None else None
    return cover_of(session, letters.library, organisation, at.astimezone(PARIS).date())


def _went_on(
    session: Session, ticket: Ticket, story: Story, *, letters: Letters, adviser: Person, at: datetime
) -> None:
    state, priority = story.state or State.OPEN, Priority.NORMAL if story.priority is None else story.priority
    given = Qualified(story.subject, story.service, priority, adviser, State.OPEN)
    qualify(session, ticket, given, by=adviser, seen=ticket.version, letters=letters, at=at)
    ticket.call_back_since = None
    for turn, (side, words) in enumerate(story.answers):
        moment = at + timedelta(minutes=10 * (turn + 1))
        if side == "client":
            write_as_client(
                session, ticket, by=ticket.creator, name=ticket.creator_name, words=words, files=(),
                form_key=f"demo-{turn}", letters=letters, at=moment,
            )  # fmt: skip
        else:
            write_as_staff(
                session, ticket, by=adviser, words=words, internal=side == "internal", asks=side == "asks", files=(),
                seen=None, form_key=f"demo-{turn}", letters=letters, at=moment,
            )  # fmt: skip
    later = at + timedelta(hours=1)
    if state is State.PLANNED:
        starts = (at.astimezone(PARIS) + timedelta(days=5)).replace(hour=9, minute=0, second=0, microsecond=0)
        wanted = Wanted(starts, starts + timedelta(hours=2), Place.OWN, "Mairie, bureau 3", adviser)
        plan(session, ticket, wanted, by=adviser, form_key=f"demo-{ticket.id}", letters=letters, at=later)
    elif state is State.RESOLVED:
        done = Qualified(story.subject, story.service, priority, adviser, state)
        qualify(session, ticket, done, by=adviser, seen=ticket.version, letters=letters, at=later)
    elif state is State.CLOSED:
        close(session, ticket, by=adviser, name=adviser.name, creator=False, letters=letters, at=later)
