"""What the forms on a page ask, and an answer that somebody might give to each field."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.utils import timezone

UNSENT = {"submit", "button", "image", "reset"}


@dataclass
class Field:
    """One control: what kind it is and what it offers."""

    name: str
    kind: str
    value: str = ""
    offers: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form of a page, and where it is sent."""

    url: str
    files: bool
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def answered(self, known):
        """Something plausible in every field; `known` words go first, by the end of a name."""
        said = {name: _plausible(one) for name, one in self.fields.items()}
        for name, one in self.fields.items():
            for ending in (name, name.rpartition("-")[2]):
                if ending in known and one.kind != "hidden":
                    said[name] = known[ending]
                    break
        said |= dict(self.buttons)
        return {name: value for name, value in said.items() if value is not None}


class _Page(HTMLParser):
    def __init__(self, url):
        super().__init__()
        self.url, self.forms, self.form, self.select, self.area = url, [], None, None, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            action = urljoin(self.url, attrs.get("action") or "")
            files = "multipart" in (attrs.get("enctype") or "")
            self.form = Form(action, files)
            if (attrs.get("method") or "get").lower() == "post":
                self.forms.append(self.form)
        elif self.form is not None:
            self._control(tag, attrs)

    def _control(self, tag, attrs):
        name, value = attrs.get("name"), attrs.get("value") or ""
        if tag == "button" and name:
            self.form.buttons.append((name, value))
        elif tag == "input" and name and attrs.get("type") not in UNSENT:
            one = self.form.fields.setdefault(name, Field(name, attrs.get("type") or "text", value))
            one.offers.append(value)
        elif tag == "textarea" and name:
            self.form.fields[name] = Field(name, "textarea")
        elif tag == "select" and name:
            self.select = self.form.fields[name] = Field(name, "select")
        elif tag == "option" and self.select is not None:
            self.select.offers.append(value)

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None


def on_page(html, url):
    """The forms of a page that are posted, but for signing out and the like."""
    page = _Page(url)
    page.feed(html)
    return [one for one in page.forms if not urlsplit(one.url).path.startswith("/account/")]


def _plausible(one):
    today = timezone.localdate()
    return {
        "hidden": [one.value],
        "select": [next((value for value in one.offers if value), "")],
        "radio": one.offers[:1],
        "checkbox": [value or "on" for value in one.offers],
        "number": ["1"],
        "date": [today.isoformat()],
        "time": [one.value],
        "email": [one.value or "somebody@example.org"],
        "password": ["correct horse battery"],
    }.get(one.kind, [one.value or "Said so"])
