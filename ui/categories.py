"""The command `precedent categories`: the city's categories, and learning them from its own labelled texts."""

import json
from argparse import Namespace
from collections import Counter
from typing import Any

from assistant.wiring import Workplace
from knowledge.labelled import LEAST, Labelled, read_labelled
from knowledge.lesson import Lesson

__all__ = ["categories"]

SHOWN = 20


def categories(options: Namespace, workplace: Workplace) -> None:
    """Runs the command. Raises BadInput for a table that cannot be learned from, Fault for a damaged lesson."""
    if options.action == "learn":
        labelled = read_labelled(options.file, workplace.taxonomy, text=options.text, label=options.label)
        lesson = workplace.learn_categories(labelled)
        print(json.dumps(_learned(labelled, lesson), ensure_ascii=False) if options.json else _told(labelled, lesson))
    elif options.action == "forget":
        gone = workplace.forget_categories()
        said = "forgotten: categories are read as at first" if gone else "nothing was learned yet"
        print(json.dumps({"forgotten": gone}) if options.json else f"{said}{_RESTART if gone else ''}")
    else:
        content = _state(workplace)
        print(json.dumps(content, ensure_ascii=False) if options.json else _readable(content))


_RESTART = "; a running server does so after its next start"


def _learned(labelled: Labelled, lesson: Lesson) -> dict[str, Any]:
    errors = [{"row": error.row, "field": error.field, "problem": error.problem} for error in labelled.errors]
    return {
        "read": labelled.read,
        "used": lesson.texts,
        "skipped": labelled.skipped,
        "errors": errors,
        "errors_total": labelled.errors_total,
        "unknown_labels": dict(labelled.unknown),
        "rare_labels": dict(labelled.rare),
        "labels": dict(lesson.labels),
        "macro_f1": {
            "present": round(lesson.present, 4),
            "learned": round(lesson.alone, 4),
            "together": round(lesson.together, 4),
        },
        "gained": lesson.gained,
        "lost": lesson.lost,
        "trust": lesson.trust,
        "kept": lesson.kept,
    }


def _told(labelled: Labelled, lesson: Lesson) -> str:
    rows = [
        f"read {labelled.read} rows: {lesson.texts} texts with {len(lesson.labels)} categories, "
        f"{labelled.skipped} repeated, {labelled.errors_total} that cannot be used"
    ]
    grouped = Counter((error.field or "whole row", error.problem) for error in labelled.errors)
    for (field, problem), count in grouped.most_common(SHOWN):
        first = next(e.row for e in labelled.errors if (e.field or "whole row", e.problem) == (field, problem))
        rows.append(f"  {count} rows (first: {first}), {field}: {problem}")
    if len(grouped) > SHOWN or labelled.errors_total > len(labelled.errors):
        rows.append("  … the rest with --json")
    for category, count in labelled.rare.items():
        rows.append(f"  {category}: {count} of the {LEAST} texts that a category needs, left out")
    rows += [
        "macro-F1 on texts held out (five parts; 1 is all right):",
        f"  as categories are read without them  {lesson.present:.3f}",
        f"  by what was learned alone            {lesson.alone:.3f}",
        f"  both together                        {lesson.together:.3f}",
        f"  {lesson.gained} texts are told rightly only with it, {lesson.lost} only without it",
    ]
    rows.append(
        f"kept: questions are read with it from now on{_RESTART}; `precedent categories forget` undoes it"
        if lesson.kept
        else "not kept: it is no better beyond chance, so categories are read as before; more texts may help"
    )
    return "\n".join(rows)


def _state(workplace: Workplace) -> dict[str, Any]:
    taxonomy, learned = workplace.taxonomy, workplace.learned
    leaves = sum(category.is_leaf for category in taxonomy.categories)
    known = [label for label in learned.labels if label in taxonomy.category_by_id] if learned else []
    return {
        "own": (workplace.home / "situations.csv").is_file(),
        "groups": len(taxonomy.categories) - leaves,
        "categories": leaves,
        "learned": {
            "from": learned.fitted_on,
            "trust": learned.trust,
            "labels": known,
            "struck": [label for label in learned.labels if label not in taxonomy.category_by_id],
        }
        if learned
        else None,
    }


def _readable(content: dict[str, Any]) -> str:
    whose = "the city's own situations.csv" if content["own"] else "built in"
    rows = [f"categories: {content['categories']} in {content['groups']} groups, {whose}"]
    learned = content["learned"]
    if learned is None:
        rows.append("learned from the city's own texts: nothing; `precedent categories learn FILE` does it")
        return "\n".join(rows)
    rows.append(f"learned from {learned['from']}")
    rows.append(f"  {len(learned['labels'])} categories; counts for {learned['trust']:.0%} of a reading")
    if learned["struck"]:
        gone = ", ".join(learned["struck"])
        rows.append(f"  no longer in the taxonomy, and not read: {gone}; learn anew with the present labels")
    return "\n".join(rows)
