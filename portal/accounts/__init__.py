"""Organisations and their people, staff, sign-in, permissions."""
