"""Every page of this room, added to an application at once."""

from flask import Flask

from portal.invoices import dispute_views, import_views, views
from portal.invoices.desk_views import invoices_desk
from portal.invoices.dispute_desk_views import disputes_desk
from portal.invoices.payment_views import invoice_payments
from portal.invoices.reminder_views import invoice_reminders
from portal.invoices.work_views import invoice_work


def register(app: Flask) -> None:
    """Add the pages of invoices, disputes, payments, reminders and imports."""
    views.register(app)
    dispute_views.register(app)
    import_views.register(app)
    for blueprint in (invoices_desk, invoice_payments, disputes_desk, invoice_reminders, invoice_work):
        app.register_blueprint(blueprint)
