"""The client portal and the terms behind it. Importing this package costs nothing."""
