"""Organisations, people, their passkeys, the sessions they have open, codes, invitations, requests for access."""

from datetime import date, datetime
from typing import Any

from flask_security.core import UserMixin, WebAuthnMixin
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from portal.accounts.rules import is_code
from portal.db import Base, UtcDateTime

DIGEST = 64


class Organisation(Base):
    """A client: a company, an administration or a local authority, never a private person (CGV article 1)."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    legal_name: Mapped[str] = mapped_column(String(200))
    siren: Mapped[str | None] = mapped_column(String(9), index=True)
    siret: Mapped[str | None] = mapped_column(String(14), unique=True)
    vat_number: Mapped[str | None] = mapped_column(String(20), index=True)
    swiss_uid: Mapped[str | None] = mapped_column(String(20), unique=True)
    street: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")  # ISO 3166
    public_body: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it left the client file (CGV article 13)

    people: Mapped[list["Person"]] = relationship(back_populates="organisation", order_by="Person.name")

    __table_args__ = (
        CheckConstraint("siren IS NOT NULL OR vat_number IS NOT NULL OR swiss_uid IS NOT NULL", name="has_identity"),
    )


class Person(Base, UserMixin):
    """Somebody who signs in: of an organisation, or of the staff. Inactive once removed."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)  # normalised, lower case
    name: Mapped[str] = mapped_column(String(200))
    staff: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_on: Mapped[date | None]  # in Paris: the day of the last sign-in outlives the traces of it

    # What Flask-Security keeps, under its names.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        String(64), unique=True
    )
    password: Mapped[str | None] = mapped_column(String(255))
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_phone_number: Mapped[str | None] = mapped_column(String(128))  # asked for by the library, never filled

    # Wrong answers, counted here and not in a process's memory (those of a password are counted by place: rate_models).
    app_failures: Mapped[int] = mapped_column(default=0)
    app_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    app_counter: Mapped[int | None]  # the last period whose code was used: none works twice

    organisation: Mapped[Organisation | None] = relationship(back_populates="people")
    roles: Mapped[list["Grant"]] = relationship(  # type: ignore[assignment]
        cascade="all, delete-orphan", lazy="selectin", order_by="Grant.name"
    )
    webauthn: Mapped[list["Passkey"]] = relationship(  # type: ignore[assignment]
        back_populates="user", cascade="all, delete-orphan"
    )

    __table_args__ = (CheckConstraint("staff = (organisation_id IS NULL)", name="staff_or_client"),)

    @property
    def role_names(self) -> frozenset[str]:
        """The names of this person's roles."""
        return frozenset(grant.name for grant in self.roles)

    def check_tf_required(self, tf_setup_methods: list[tuple[str, str]], tf_fresh: bool) -> tuple[bool, Any]:  # noqa: ARG002
        """Whether a second factor follows: for staff always, for a client who has one or uses a password."""
        if self.staff and not tf_setup_methods and self.webauthn:
            from portal.accounts.security import PasskeyNeeded

            raise PasskeyNeeded
        from portal.accounts.security import second_factor_begins

        second_factor_begins()
        return self.staff or bool(tf_setup_methods) or self.password is not None, tf_setup_methods

    @property
    def enrolled(self) -> bool:
        """Whether a mail's code may no longer lead to the setting up of an authenticator."""
        return self.tf_primary_method is not None or (self.staff and bool(self.webauthn))

    def check_tf_required_setup(self) -> bool:
        """Whether the second factor may not be given up."""
        return self.staff or self.password is not None

    def verify_and_update_password(self, password: str) -> bool:
        """Check a password; wrong ones are counted and make it rest where they come from."""
        from portal.accounts.security import check_password

        session = object_session(self)
        if session is None or is_code(password):  # a code is no try of the password
            return False

        def check() -> bool:
            # Without a second factor it opens nothing: it would let whoever guesses it set one up. It costs the same.
            return super(Person, self).verify_and_update_password(password) and self.tf_primary_method is not None

        right: bool = check_password(session, self.id, check)
        return right

    def us_send_security_token(self, method: str, **kwargs: Any) -> str | None:
        """Send a code; beyond so many an hour say that it was sent, and send none."""
        from portal.accounts.security import may_send_code

        session = object_session(self)
        if session is None or not may_send_code(session, self):
            return None
        sent: str | None = super().us_send_security_token(method, **kwargs)
        return sent


class Grant(Base):
    """One role of one person: a name of ``ClientRole`` or, for staff, of ``StaffRole``."""

    __tablename__ = "person_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)

    def get_permissions(self) -> set[str]:
        """The library's finer rights: none, the table of routes decides."""
        return set()


class Passkey(Base, WebAuthnMixin):
    """A passkey, under the names that Flask-Security gives its parts."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(JSON)
    backup_state: Mapped[bool] = mapped_column(default=False)
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(Text)
    lastuse_datetime: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))

    user: Mapped[Person] = relationship(back_populates="webauthn")

    __table_args__ = (UniqueConstraint("user_id", "name"),)

    def get_user_mapping(self) -> dict[str, Any]:
        """How the library finds the owner."""
        return {"id": self.user_id}


class SignedIn(Base):
    """One session. The cookie holds a token, this row its digest: without a live row the cookie is worth nothing."""

    __tablename__ = "signed_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(DIGEST), unique=True)
    device: Mapped[str] = mapped_column(String(DIGEST))  # digest of what the browser keeps between sessions
    device_name: Mapped[str] = mapped_column(String(100))
    means: Mapped[str] = mapped_column(String(40))  # email, webauthn, password, …
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()


class MailCode(Base):
    """A code sent by mail: used once, tried five times, for ten minutes, in the browser that asked for it alone.

    A later one of the same browser takes its place. The link beside it works in any browser.
    """

    __tablename__ = "mail_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(DIGEST))
    browser: Mapped[str] = mapped_column(String(DIGEST))  # digest of what the browser keeps between sessions
    known: Mapped[bool] = mapped_column(default=False)  # whether this person has signed in there before
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    spent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # used, or replaced by a later one

    __table_args__ = (Index("ix_mail_code_person", "person_id", "sent_at"),)


class Invitation(Base):
    """An administrator's invitation of a colleague; the mail's link holds the token."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"), index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    email: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    token: Mapped[str] = mapped_column(String(DIGEST), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()
    invited_by: Mapped[Person | None] = relationship()


class AccessRequest(Base):
    """Somebody asks for an access; the desk answers."""

    __tablename__ = "access_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200))
    organisation_name: Mapped[str] = mapped_column(String(200))
    identity: Mapped[str] = mapped_column(String(40))  # SIREN, SIRET, VAT number or Swiss UID, as checked
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
