"""What the log says of an act, for who reads it in the archive: a French name for each key of a payload.

A test reads from the source every key that is recorded: one without a name here fails it.
"""

from collections.abc import Mapping

KEYS: Mapping[str, str] = {
    "about": "Au sujet de", "accepted": "Accepté", "act": "Acte", "after": "Après", "agent": "Navigateur",
    "amount": "Montant", "answer": "Réponse", "archive": "Élément de l'archive", "as": "En qualité de",
    "author": "Auteur", "backup": "Sauvegarde", "balance": "Solde", "before": "Avant", "breach": "Manquement",
    "by": "Par", "capacity": "Qualité", "changes": "Changements", "channel": "Moyen", "checked": "Vérifié",
    "conditions": "Conditions particulières", "consent": "Case cochée", "consents": "Cases cochées",
    "contact": "Contact", "contest": "Contestation de temps", "contract": "Contrat", "contract_kind": "Genre de contrat",
    "corrects": "Corrige le mouvement", "count": "Nombre", "creator": "Créateur", "currency": "Monnaie",
    "datum": "Donnée", "day": "Jour", "days": "Jours", "delivery": "Livraison", "deposit": "Acompte",
    "derogations": "Dérogations", "description": "Description", "details": "Précisions", "dispute": "Contestation",
    "done": "Fait", "email": "Adresse électronique", "entries": "Temps", "entry": "Temps", "estimate": "Calcul joint",
    "fate": "Devenir", "file": "Fichier", "files": "Fichiers", "fingerprint": "Empreinte", "given_on": "Donné le",
    "granted_on": "Accordé le", "gross": "Total TTC", "ground": "Fondement", "hours": "Heures", "how": "Comment",
    "identified_by": "Moyen d'identification", "identity": "Numéro d'identité", "import": "Import",
    "indemnity": "Indemnité forfaitaire", "intervention": "Intervention", "invitation": "Invitation",
    "invoice": "Facture", "ip": "Adresse IP", "issued_on": "Émise le", "key": "Clé", "kind": "Genre",
    "label": "Libellé", "last_day": "Dernier jour", "late": "Hors délai", "left": "Reste", "line": "Ligne",
    "lines": "Lignes", "mail": "Adresse électronique", "matched_by": "Rattachée par", "means": "Moyens de connexion",
    "minutes": "Minutes", "months": "Mois", "name": "Nom", "named": "Peut être cité", "net": "Total HT",
    "net_change": "Écart HT", "note": "Remarque", "notice": "Mise en demeure", "number": "Numéro", "offer": "Offre",
    "on": "Le", "order": "Commande", "organisation": "Organisation", "outcome": "Issue",
    "overdraft": "Au-delà des points", "payment": "Paiement", "penalty": "Pénalité", "people": "Personnes",
    "person": "Personne", "phone": "Téléphone", "place": "Lieu", "places": "Endroits", "points": "Points",
    "position": "Rang", "preview": "Aperçu", "proof": "Preuve", "quantity": "Quantité", "quote": "Devis",
    "reason": "Raison", "record": "Élément", "received_how": "Reçu par", "received_on": "Reçu le", "reference": "Référence",
    "regime": "Régime", "replaces": "Remplace", "right": "Droit", "roles": "Rôles", "route": "Page", "row": "Ligne",
    "scan_id": "Document numérisé", "seller": "Vendeur", "sender": "Expéditeur", "sent_on": "Envoyé le",
    "seq": "Numéro dans le registre", "sha256": "Empreinte SHA-256", "shown": "Ce qui a été montré",
    "side": "Partie", "signed_on": "Signé le", "spared": "Épargnés", "state": "État", "status": "État",
    "stays": "Laissé tel quel", "step": "Étape", "subject": "Objet", "supplements": "Complète", "terms": "CGV",
    "text": "Texte", "thing": "Objet de l'acte", "ticket": "Ticket", "title": "Titre", "to": "À", "top_up": "Recharge",
    "typed_by": "Saisi par", "unit": "Unité", "unit_price": "Prix unitaire", "until": "Jusqu'au", "use": "Usage",
    "user_agent": "Navigateur", "validity": "Durée de validité", "vat_rate": "Taux de TVA", "what": "Quoi",
    "who": "Qui", "why": "Pourquoi", "wish": "Demande", "words": "Texte", "working": "Calcul", "writing": "Écrit",
    "year": "Année",
}  # fmt: skip


def label(key: str) -> str:
    """The name of a key for a reader."""
    return KEYS.get(key, key)
