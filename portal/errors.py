"""A clear page for each refusal: what happened, what is kept, what to do."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from portal.db import is_away
from portal.files.rules import FileGone, FileRefused, FileWaiting
from portal.files.store import StoreAway
from portal.logs import logger

#: Seconds after which a visitor may try again when the database is away.
RETRY_AFTER = 30


@dataclass(frozen=True, slots=True)
class Refusal:
    """The words of an error page."""

    title: str
    lede: str
    advice: str


REFUSALS = {
    400: Refusal(
        "Cette demande n'a pas été comprise",
        "Rien n'a été modifié.",
        "Revenez à la page précédente, rechargez-la, puis recommencez.",
    ),
    403: Refusal(
        "Cette page ne vous est pas ouverte",
        "Votre rôle ne permet pas cette action. Rien n'a été modifié.",
        "L'administrateur de votre organisation peut changer votre rôle.",
    ),
    404: Refusal(
        "Cette page n'existe pas",
        "L'adresse est incomplète, ou ce qu'elle désignait n'est plus là.",
        "Vérifiez l'adresse, ou repartez de l'accueil de votre espace.",
    ),
    405: Refusal(
        "Cette page ne s'ouvre pas ainsi",
        "Rien n'a été modifié.",
        "Repartez de l'accueil de votre espace et suivez ses boutons.",
    ),
    409: Refusal(
        "Quelqu'un a changé cette page entre-temps",
        "Votre demande n'a pas été appliquée.",
        "Rechargez la page pour voir où elle en est, puis recommencez s'il y a lieu.",
    ),
    413: Refusal(
        "Ce fichier est trop lourd",
        "Rien n'a été enregistré.",
        "Réduisez le fichier ou partagez-le en plusieurs, puis envoyez-le de nouveau.",
    ),
    429: Refusal(
        "Trop d'essais en peu de temps",
        "Nous faisons attendre, pour protéger les comptes. Rien n'a été modifié.",
        "Patientez quelques minutes, puis recommencez.",
    ),
    500: Refusal(
        "Une erreur s'est produite chez nous",
        "Votre demande n'a pas été appliquée.",
        "Recommencez dans un instant. Si l'erreur revient, appelez la hotline.",
    ),
    503: Refusal(
        "L'espace client est momentanément indisponible",
        "Votre demande n'a pas été appliquée.",
        "Recommencez dans une minute\u00a0: l'espace client revient de lui-même.",
    ),
}
EXPIRED = Refusal(
    "Cette page a expiré",
    "Par sécurité, le formulaire n'a pas été envoyé. Rien n'a été modifié.",
    "Revenez à la page précédente, rechargez-la, puis envoyez de nouveau.",
)

NO_PDF = Refusal(
    "Ce PDF ne peut pas être préparé pour le moment",
    "Il manque une pièce à notre installation. Rien n'a été modifié.",
    "Recommencez plus tard, ou demandez-nous le document\u00a0: nous vous l'envoyons.",
)

FILE_WAITING = Refusal(
    "Ce fichier est en cours d'analyse",
    "Il est bien arrivé et il est gardé. Par sécurité, il ne s'ouvre qu'après avoir été vérifié.",
    "Revenez dans quelques minutes.",
)
FILES_AWAY = Refusal(
    "Les fichiers sont momentanément indisponibles",
    "Rien n'est perdu et rien n'a été modifié.",
    "Recommencez dans une minute.",
)
FILE_GONE = Refusal(
    "Ce fichier n'est plus là",
    "Il a été effacé, ou retiré parce qu'il contenait un programme malveillant.",
    "Demandez à qui l'avait envoyé de l'envoyer de nouveau.",
)


def show(status: int, refusal: Refusal | None = None) -> Response:
    """The page of a refusal; it needs neither the database nor a session."""
    words = refusal or REFUSALS[status]
    response = make_response(render_template("error.html", refusal=words, status=status), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def register(app: Flask) -> None:
    """Give every error of the application its page."""

    def http(error: HTTPException) -> Any:
        status = error.code or 500
        if error.response is not None or status not in REFUSALS:
            return error
        response = show(status, EXPIRED if isinstance(error, CSRFError) else None)
        if status == 405 and (allowed := getattr(error, "valid_methods", None)):  # noqa: PLR2004 - the status is the name
            response.headers["Allow"] = ", ".join(allowed)
        if (retry := getattr(error, "retry_after", None)) is not None:
            response.headers["Retry-After"] = str(retry)
        return response

    def database(error: SQLAlchemyError) -> Any:
        if not is_away(error):
            raise error
        logger().error("database_away", route=request.url_rule.rule if request.url_rule else None, exc_info=error)
        response = show(503)
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response

    app.register_error_handler(HTTPException, http)
    _files(app)
    app.register_error_handler(SQLAlchemyError, database)


def _files(app: Flask) -> None:
    """The page of each way in which a file cannot be given out now, whichever room it belongs to."""
    for error, status, words in (
        (FileWaiting, 503, FILE_WAITING),
        (StoreAway, 503, FILES_AWAY),
        (FileGone, 410, FILE_GONE),
    ):
        app.register_error_handler(error, partial(_no_file, status, words))
    # A room shows this by its field; here is what is left where it does not.
    app.register_error_handler(
        FileRefused,
        lambda error: show(422, Refusal("Ce fichier n'a pas été pris", str(error), "Rien n'a été enregistré.")),
    )


def _no_file(status: int, words: Refusal, _: Exception) -> Any:
    response = show(status, words)
    if status == 503:  # noqa: PLR2004 - the status is the name
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
