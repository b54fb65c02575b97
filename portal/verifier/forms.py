"""The one field of this page."""

from wtforms import FileField
from wtforms.validators import StopValidation

from portal.forms import BaseForm


class FileGiven:
    """A file was chosen."""

    field_flags = {"required": True}  # noqa: RUF012 - the library's own shape

    def __call__(self, form: BaseForm, field: FileField) -> None:  # noqa: ARG002 - the library's signature
        if not field.data or not field.data.filename:
            raise StopValidation("Choisissez le fichier à vérifier.")


class VerifyForm(BaseForm):
    """A file of proof."""

    file = FileField(
        "Fichier à vérifier",
        description="Le dossier de preuve (ZIP), le PDF scellé qu'il contient, ou un registre exporté. 50 Mo au plus.",
        validators=[FileGiven()],
        render_kw={"accept": ".zip,.pdf,.jsonl,.json,application/zip,application/pdf"},
    )
