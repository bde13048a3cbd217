"""Decides what the cloud is to hold and what must be sent for that: mirror, scope, mapping, plan, guards. Pure."""

from isthmus.sync.export import Add, Export, Remove, SetPassword, Update
from isthmus.sync.guard import Guard, RefusedBefore, RefusedContent, SomebodyIsLeft, Withheld, admit
from isthmus.sync.mapping import person_of
from isthmus.sync.merge import MirroredObject, merge
from isthmus.sync.plan import Held, plan_exports
from isthmus.sync.scope import Reason, Rule, reasons_against, standard_rules
from isthmus.sync.want import Unsendable, Wanted, put_person, want

__all__ = [
    "Add",
    "Export",
    "Guard",
    "Held",
    "MirroredObject",
    "Reason",
    "RefusedBefore",
    "RefusedContent",
    "Remove",
    "Rule",
    "SetPassword",
    "SomebodyIsLeft",
    "Unsendable",
    "Update",
    "Wanted",
    "Withheld",
    "admit",
    "merge",
    "person_of",
    "plan_exports",
    "put_person",
    "reasons_against",
    "standard_rules",
    "want",
]
