"""A form as a page shows it: what stands in its inputs, and the sentence beside the one that is wrong."""

from msgspec import Struct

from ltsa.office import Office
from manage.draft import Draft
from manage.fields import ON
from web.words import LANGUAGES, Words, page_language


class Form(Struct, frozen=True, kw_only=True):
    """What templates ask. `problem` is a sentence about what cannot be so, `at` the input it belongs to, "" for the
    whole form; `office` is as the form was painted from, `added` the row that a button has just added.
    """

    draft: Draft
    office: Office
    problem: str = ""
    at: str = ""
    added: str = ""

    def value(self, name: str) -> str:
        """What stands in an input."""
        return self.draft.sheet.inputs.get(name, "")

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.value(name) == ON

    def rows(self, name: str) -> list[str]:
        """The numbers of a field's rows."""
        return self.draft.sheet.rows(name)

    def others(self, name: str) -> list[str]:
        """Languages in which something stands that the form does not offer."""
        found = (key.removeprefix(f"{name}.") for key in self.draft.sheet.inputs if key.startswith(f"{name}."))
        return [lang for lang in found if lang not in LANGUAGES and lang.isalpha()]

    def error(self, *names: str) -> str:
        """What is wrong with one of some inputs."""
        for name in names:
            if found := self.draft.sheet.wrong.get(name):
                return Words(page_language())(f"manage.wrong.{found[0]}", **found[1])
            if self.at == name:
                return self.problem
        return ""
