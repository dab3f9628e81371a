"""Pages as a stranger's program reads them: where their links lead, and what their forms ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

TEXTS = frozenset({"text", "search", "textarea", "email", "tel", "url", "hidden", "password"})


@dataclass
class Field:
    """One input of a form: what stands in it, and what it can hold."""

    name: str
    kind: str
    value: str
    longest: int = 600
    options: list[str] = field(default_factory=list)
    on: bool = True

    @property
    def is_text(self) -> bool:
        """Whether a person may type into it whatever they like."""
        return self.kind in TEXTS - {"hidden"}


@dataclass
class Form:
    """A form as it stands on a page."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, texts: dict[str, str] | None = None, button: tuple[str, str] = ("", "")) -> list[tuple[str, str]]:
        """What a browser would send with some texts in it."""
        said = texts or {}
        sent = [(each.name, said.get(each.name, each.value)) for each in self.fields if each.on and each.name]
        return [*sent, button] if button[0] else sent


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._forms: list[Form] = []
        self._by_id: dict[str, Form] = {}
        self._open: Field | None = None
        self._choices: Field | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        match tag:
            case "a" if "href" in said:
                self._link(said["href"])
            case "form":
                new = Form(urljoin(self.path, said.get("action", self.path)), said.get("method", "get").lower())
                self.forms.append(new)
                self._forms.append(new)
                self._by_id[said.get("id", "")] = new
            case "input" | "textarea" | "select":
                self._field(tag, said)
            case "option" if self._choices:
                self._choices.options.append(said.get("value", ""))
                if "selected" in said or len(self._choices.options) == 1:
                    self._choices.value = said.get("value", "")
            case "button" if (form := self._form(said)) and "name" in said:
                form.buttons.append((said["name"], said.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._forms:
            self._forms.pop()
        elif tag == "textarea":
            self._open = None
        elif tag == "select":
            self._choices = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open.value += data

    def _form(self, said: dict[str, str]) -> Form | None:
        return self._by_id.get(said["form"]) if "form" in said else (self._forms[-1] if self._forms else None)

    def _field(self, tag: str, said: dict[str, str]) -> None:
        if (form := self._form(said)) is None or "disabled" in said:
            return
        kind = said.get("type", "text") if tag == "input" else tag
        if kind in {"submit", "button", "image", "reset"}:
            if "name" in said:
                form.buttons.append((said["name"], said.get("value", "")))
            return
        ticked = kind not in {"checkbox", "radio"} or "checked" in said
        usual = "on" if kind in {"checkbox", "radio"} else ""
        longest = int(said["maxlength"]) if said.get("maxlength", "").isdigit() else 600
        made = Field(said.get("name", ""), kind, said.get("value", usual), longest, on=ticked)
        form.fields.append(made)
        self._open = made if tag == "textarea" else None
        self._choices = made if tag == "select" else None

    def _link(self, href: str) -> None:
        there = urlsplit(urljoin(f"http://office{self.path}", href))
        if there.netloc == "office" and there.scheme == "http":
            self.links.append(there.path + (f"?{there.query}" if there.query else ""))
