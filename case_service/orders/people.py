"""The people an order is about: sealing who they are, and opening it as far as the reader may see."""

from dataclasses import dataclass

from case_service.masking import masked_identity_number, masked_name, masked_phone
from case_service.sealing import Seal
from case_service.tables import Case, Contact
from schemas.messages import Contact as SentContact


@dataclass(frozen=True, slots=True)
class Person:
    """One person as one reader may see them."""

    person_key: str
    name: str
    identity_number: str
    phone: str | None
    address: str | None


def seal_into(contact: Contact, case: Case, sent: SentContact, seal: Seal) -> None:
    """Seal what was sent into `contact`; what is not known this time is kept from before."""
    place = contact_place(case.number, contact.person_key)
    contact.sealed_name = seal.close(sent.name, place + "name")
    contact.sealed_identity_number = seal.close(sent.identity_number, place + "identity_number")
    if sent.phone:
        contact.sealed_phone = seal.close(sent.phone, place + "phone")
    if sent.address:
        contact.sealed_address = seal.close(sent.address, place + "address")


def in_full(case: Case, contact: Contact, seal: Seal) -> Person:
    """For the one who must knock at the door: all but the identity number, which is asked for apart."""
    place = contact_place(case.number, contact.person_key)
    return Person(
        person_key=contact.person_key,
        name=seal.open(contact.sealed_name, place + "name"),
        identity_number=masked_identity_number(identity_number(case, contact, seal)),
        phone=seal.open(contact.sealed_phone, place + "phone") if contact.sealed_phone else None,
        address=seal.open(contact.sealed_address, place + "address") if contact.sealed_address else None,
    )


def masked(case: Case, contact: Contact, seal: Seal) -> Person:
    """For everyone else in scope: surname, the ends of the numbers, no address below the village."""
    full = in_full(case, contact, seal)
    return Person(
        person_key=full.person_key,
        name=masked_name(full.name),
        identity_number=full.identity_number,
        phone=masked_phone(full.phone) if full.phone else None,
        address=None,
    )


def name_masked(case_number: str, person_key: str, sealed_name: bytes, seal: Seal) -> str:
    """The name alone, for everyone else in scope."""
    return masked_name(name_in_full(case_number, person_key, sealed_name, seal))


def name_in_full(case_number: str, person_key: str, sealed_name: bytes, seal: Seal) -> str:
    """The name alone, for the one who must knock at the door."""
    return seal.open(sealed_name, contact_place(case_number, person_key) + "name")


def address_in_full(case_number: str, person_key: str, sealed_address: bytes, seal: Seal) -> str:
    """The address alone, for the one who must knock at the door."""
    return seal.open(sealed_address, contact_place(case_number, person_key) + "address")


def identity_number(case: Case, contact: Contact, seal: Seal) -> str:
    """The identity number itself; callers check the reader and write the log."""
    return seal.open(contact.sealed_identity_number, contact_place(case.number, contact.person_key) + "identity_number")


def contact_place(case_number: str, person_key: str) -> str:
    """Where it belongs what is known of a person in a case; what it is comes after."""
    return f"{case_number}/{person_key}/"
