"""From bytes to a frozen invoice: Factur-X, ZUGFeRD, CII, UBL, CSV. Pure: no web, no database, no clock."""
