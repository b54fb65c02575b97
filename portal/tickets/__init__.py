"""Tickets: how a client in trouble reaches the company by web, mail or phone, and where each request stands."""
