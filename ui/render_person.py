"""Who acts, as HTML: the small form that asks for name and department, and the line that says who somebody is.

Pure functions: records and texts in, a string out, every value escaped.
"""

from html import escape
from urllib.parse import urlencode

from knowledge.task import Person
from ui.task_wording import person as named
from ui.wording import Wording

__all__ = ["departments", "person_form", "person_page", "you"]


def departments(words: Wording, chosen: str | None, empty: str) -> str:
    """The departments of the taxonomy as options; `empty` is what stands for none. A chosen one that the taxonomy does
    not have is kept."""
    language = words.t.language
    options = [(department.id, department.name(language)) for department in words.taxonomy.departments]
    if chosen and chosen not in words.taxonomy.department_by_id:
        options.insert(0, (chosen, chosen))
    return "".join(
        f'<option value="{escape(key)}"{" selected" if key == (chosen or "") else ""}>{escape(name)}</option>'
        for key, name in (("", empty), *options)
    )


def person_form(words: Wording, *, back: str, person: Person | None = None, lead: str = "", problem: str = "") -> str:
    """The form; `back` is where it leads, `lead` says what it is needed for, `problem` what was wrong with it."""
    t = words.t
    wrong = f'<p class="wrong" id="person-wrong" role="alert">{escape(problem)}</p>' if problem else ""
    marked = ' aria-invalid="true" aria-describedby="person-wrong"' if problem else ""
    return (
        f'<section class="panel person" aria-labelledby="h-person"><h2 id="h-person">{escape(t("person.title"))}</h2>'
        f"<p>{escape(lead or t('person.lead'))}</p>{wrong}"
        f'<form method="post" action="/person"><input type="hidden" name="back" value="{escape(back)}">'
        f'<div class="fields"><label><span>{escape(t("person.name"))}</span><input class="field" name="name" '
        f'value="{escape(person.name if person else "")}" maxlength="100" required autocomplete="name"{marked}></label>'
        f'<label><span>{escape(t("person.department"))}</span><select class="field" name="department">'
        f"{departments(words, person.department if person else None, t('person.no_department'))}</select></label>"
        f'<button type="submit" class="main">{escape(t("person.save"))}</button></div></form>'
        f'<p class="hint">{escape(t("person.trust"))}</p></section>'
    )


def you(words: Wording, person: Person | None, *, back: str) -> str:
    """Who somebody is, and the way to change it; empty for nobody."""
    if person is None:
        return ""
    t = words.t
    who = t("person.you", who=named(words, person.name, person.department))
    address = f"/person?{urlencode({'back': back})}"
    return (
        f'<p class="you" title="{escape(t("person.trust"))}">{escape(who)} '
        f'<a href="{escape(address)}">{escape(t("person.change"))}</a></p>'
    )


def person_page(words: Wording, *, back: str, person: Person | None, problem: str = "") -> str:
    """The page that asks who somebody is; whoever is known may be taken out of this browser."""
    leave = ""
    if person is not None:
        leave = (
            f'<form method="post" action="/person" class="leave"><input type="hidden" name="do" value="leave">'
            f'<input type="hidden" name="back" value="{escape(back)}"><button type="submit" class="link">'
            f"{escape(words.t('person.leave'))}</button></form>"
        )
    return f'<div class="person-page">{person_form(words, back=back, person=person, problem=problem)}{leave}</div>'
