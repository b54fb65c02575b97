"""The demo's mailbox: every mail that the portal wrote, so that codes and links can be followed without a mail server."""
