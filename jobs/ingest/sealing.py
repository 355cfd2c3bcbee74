"""Puts the identities of a batch into the vault: numbers once a person, contacts with every new version."""

from jobs.ingest.versions import Comparison
from jobs.installation import Installation
from jobs.vault import Source
from warehouse.gathering import Gathering


def seal_identities(comparison: Comparison, installation: Installation, gathering: Gathering) -> None:
    """Add what the vault does not hold yet for the people of the batch's new versions, and the rejected rows.

    A repeat for the same delivery replaces what the first attempt added.
    """
    batch, delivery, contract = comparison.batch, comparison.delivery, comparison.delivery.contract
    source = Source(delivery.delivery_id, contract.extract_class, delivery.known_on)
    rows = comparison.new_rows()
    batch.connection.register("numbers", batch.read.numbers)
    batch.connection.register("new_row", rows.select(["person_key"]))
    numbers = batch.connection.execute(
        "select key, number from numbers where key in (select person_key from new_row)"
    ).to_arrow_table()
    installation.vault.add_numbers(numbers, source, gathering)
    installation.vault.add_rejected(comparison.rejected_text(), source, gathering)
    if contract.contact_fields:
        contacts = rows.select(["person_key", *(field.name for field in contract.contact_fields)])
        installation.vault.add_contacts(contacts, source, gathering)
