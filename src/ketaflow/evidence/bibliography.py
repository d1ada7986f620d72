"""Sources as a BibTeX bibliography, with what was read of each."""

from collections.abc import Iterable

from ketaflow.evidence.sources import READ_AS, SPECIAL, Source

MEANS_SOMETHING = {sign: f"\\{sign}" for sign in "&%$#_{}"}


def bibtex(cited: Iterable[Source]) -> str:
    """One entry a source, in the order given; what is no publication stands as a comment.

    A title or an author that was not read is not made up: the note says what is known instead.

    Example:
        >>> from ketaflow.evidence.sources import cite
        >>> print(bibtex(cite(["Clements1981", "DERIVED"])))
        % DERIVED: Computed by Ketaflow from the sources named beside it.
        <BLANKLINE>
        @article{Clements1981,
          author = {Clements, JA and Nimmo, WS},
          journal = {Br J Anaesth},
          year = {1981},
          volume = {53},
          pages = {27},
          doi = {10.1093/bja/53.1.27},
          note = {Clements JA, Nimmo WS. Br J Anaesth 1981;53:27. Read: a secondary page about it},
        }
    """
    cited = list(cited)
    special = [f"% {one.key}: {one.citation}" for one in cited if one in SPECIAL]
    entries = [entry(one) for one in cited if one not in SPECIAL]
    return "\n\n".join([*(["\n".join(special)] if special else []), *entries])


def entry(one: Source) -> str:
    """One source as a BibTeX entry."""
    kind = "article" if one.journal else "misc"
    read = ", ".join(READ_AS[how] for how in one.read)
    fields = {
        "author": " and ".join(person(name) for name in one.authors),
        "journal": plain(one.journal),
        "year": one.year,
        "volume": one.volume,
        "pages": one.pages.replace("-", "--"),
        "doi": one.doi,
        "url": one.url,
        "note": f"{plain(one.citation)}. Read: {read}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{one.key},", *lines, "}"])


def person(name: str) -> str:
    """A surname, a comma, initials; "others" stays as BibTeX knows it."""
    surname, _, initials = name.rpartition(" ")
    return f"{plain(surname)}, {initials}" if surname else name


def plain(words: str) -> str:
    """Words in which nothing means anything to TeX."""
    return "".join(MEANS_SOMETHING.get(sign, sign) for sign in words)
