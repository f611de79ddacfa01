"""The only module that reads configuration and knows every constructor: from a data folder to a Desk."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Engine

from assistant.adapt import Adapter
from assistant.callwiring import open_hotline
from assistant.compose import Prose
from assistant.desk import Desk
from assistant.dialogue import Dialogue
from assistant.followup import FollowUps
from assistant.hotline import Hotline
from assistant.learnwiring import Learning, open_learning
from assistant.match import Matcher, read_ranker
from assistant.models import BUILT_IN, Choice, Current, Models, embed_all
from assistant.narrow import Narrower
from assistant.reasons import Reasons
from assistant.recommend import Composer
from assistant.rerank import Reranking
from assistant.retell import Retelling
from assistant.settings import Settings, home_folder, read_settings
from assistant.situation import Understanding
from assistant.speech import Speech
from assistant.taskdesk import TaskDesk
from assistant.taskwiring import open_follow_ups, open_task_desk
from assistant.vectorwiring import VectorPlace
from assistant.verdict import read_verdict_model
from knowledge.categories import Categoriser
from knowledge.classifier import Classifier
from knowledge.conversations import Conversations
from knowledge.copies import Copies
from knowledge.dangers import read_dangers
from knowledge.database import open_database
from knowledge.demo import demo_files, examples
from knowledge.embedder import Embedder
from knowledge.errors import BadInput, Fault
from knowledge.intake import ImportReport, import_cases
from knowledge.interactions import Interactions
from knowledge.labelled import Labelled
from knowledge.lesson import Lesson, forget, learn, read_learned
from knowledge.lexicon import read_lexicon
from knowledge.mapping import read_mapping
from knowledge.meaning import Meaning, read_meaning
from knowledge.places import Gazetteer, read_places
from knowledge.profiles import Profiles
from knowledge.records import SqlRecords
from knowledge.statistics import Statistics
from knowledge.taxonomy import Taxonomy, read_taxonomy
from knowledge.vectors import FaissVectors, KeptVectors
from knowledge.words import TantivyWords
from prompts import read_phrases

__all__ = ["Workplace", "open_workplace"]


@dataclass(frozen=True)
class Workplace:
    """A data folder with its settings. Parts are built when they are first needed, so that an import never loads a
    page and a look at the settings never opens the database."""

    home: Path
    settings: Settings

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The city's taxonomy: its own files in the data folder, else the bundled ones."""
        return read_taxonomy(self.home)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The city's places."""
        own = self.home / "places.csv"
        return read_places(own if own.is_file() else None)

    @cached_property
    def categoriser(self) -> Categoriser:
        """Reads categories from texts, with what was learned from the city's own. Raises Fault if that is damaged."""
        return Categoriser(self.taxonomy, self.meaning, self.learned)

    @cached_property
    def learned(self) -> Classifier | None:
        """What was learned from the city's own labelled texts; None where nothing was."""
        return read_learned(self.home / "categories.npz")

    def learn_categories(self, labelled: Labelled) -> Lesson:
        """Learns categories from labelled texts, and keeps it if it helps; the next workplace reads with it."""
        return learn(labelled, Categoriser(self.taxonomy, self.meaning), self.home / "categories.npz")

    def forget_categories(self) -> bool:
        """Removes what was learned, damaged or not; False where nothing was."""
        return forget(self.home / "categories.npz")

    @cached_property
    def engine(self) -> Engine:
        """The open database. Raises Fault where it cannot be opened."""
        return open_database(self.settings.database or str(self.home / "precedent.sqlite"))

    @cached_property
    def records(self) -> SqlRecords:
        """The case base."""
        return SqlRecords(self.engine)

    @cached_property
    def meaning(self) -> Meaning:
        """The built-in meaning of words, with the city's lexicon."""
        return read_meaning(read_lexicon(self.taxonomy, self.home))

    @cached_property
    def models(self) -> Models:
        """Which models were chosen: models.json, else the settings."""
        return Models(self.home / "models.json", Choice(self.settings.embedder))

    @cached_property
    def choice(self) -> Choice:
        """The choice that held when the workplace was opened."""
        return self.models.choice()

    @cached_property
    def embedder(self) -> Embedder:
        """The chosen embedder."""
        return self._vectors.embedder(self.choice.embedder)

    @cached_property
    def copies(self) -> Copies:
        """Case base with its word index, vector index and profiles."""
        return self._copies(self.embedder)

    @cached_property
    def _unembedded(self) -> Copies:
        """What does not depend on the embedder is shared by all copies."""
        folder = self.home / "copies"
        return Copies(
            records=self.records,
            words=TantivyWords(folder / "words"),
            vectors=FaissVectors(1, "none"),
            profiles=Profiles(folder / "profiles", self.meaning),
            embedder=self.meaning,
        )

    def _copies(self, embedder: Embedder) -> Copies:
        return self._unembedded.with_embedder(embedder, self._vectors.index(embedder))

    @cached_property
    def _vectors(self) -> VectorPlace:
        s = self.settings
        return VectorPlace(self.home, self.meaning, s.vectors, s.chroma_host, s.chroma_port)

    def kept_vectors(self, choice: Choice) -> KeptVectors:
        """What the index of a choice holds on disk. No model is loaded."""
        return self._vectors.kept(choice.embedder)

    def matcher(self, choice: Choice) -> Matcher:
        """The matcher of a choice. Raises Fault for an embedder that cannot be loaded."""
        outside = choice.embedder != BUILT_IN
        copies = (
            self.copies
            if choice.embedder == self.choice.embedder
            else self._copies(self._vectors.embedder(choice.embedder))
        )
        reranking = None
        if choice.reranker:
            from knowledge.reranker import CrossReranker

            reranking = Reranking(CrossReranker(choice.reranker), self.settings.reranker_weight)
        profiles = copies.profiles
        reasons = Reasons(self.taxonomy, self.gazetteer, read_phrases(), profiles.commonness, profiles.shared_kind)
        return Matcher(
            copies,
            self.categoriser,
            self.gazetteer,
            reasons,
            read_ranker(),
            levels=self.models.levels(copies.embedder) if outside else {},
            vector_weight=self.settings.vector_weight if outside else 0.0,
            reranking=reranking,
        )

    def use_models(self, choice: Choice, progress: Callable[[int, int], None] | None = None) -> int:
        """Loads the models, embeds every case, then makes the choice; gives the number of cases embedded. Whatever
        fails before leaves the old choice in place."""
        matcher = self.matcher(choice)
        if not matcher.copies.embedder.embed(["积水"]).shape[1]:
            raise Fault(f"{choice.embedder} gives empty vectors; choose another model")
        if matcher.reranking:
            matcher.reranking.reranker.judge("积水", ["桥下积水"])
        count = embed_all(matcher.copies, progress)
        self.models.choose(choice)
        return count

    @cached_property
    def interactions(self) -> Interactions:
        """The log."""
        return self.learning.journal.interactions

    @cached_property
    def learning(self) -> Learning:
        """The order of actions, the log that it is learned from, and the gate between them."""
        return open_learning(self.home, self.engine, lambda: self.desk, taxonomy=self.taxonomy, phrases=read_phrases())

    @cached_property
    def desk(self) -> Desk:
        """The assistant, with its copies brought up to date."""
        phrases = read_phrases()
        own = self.home / "dangers.csv"
        dangers = read_dangers(own if own.is_file() else None)
        understanding = Understanding(self.categoriser, self.gazetteer, dangers, self.meaning)
        verdict_model = read_verdict_model()
        return Desk(
            taxonomy=self.taxonomy,
            gazetteer=self.gazetteer,
            city={"zh": self.settings.city_zh, "en": self.settings.city_en},
            matchers=Current(self.models, self.matcher),
            understanding=understanding,
            verdict_model=verdict_model,
            composer=Composer(self.taxonomy, phrases, Adapter(self.gazetteer, phrases)),
            arranging=self.learning.arranging,
            prose=Prose(self.taxonomy, self.gazetteer, phrases),
            dialogue=self._dialogue(understanding),
            statistics=Statistics(self.engine),
            journal=self.learning.journal,
            conversation_log=Conversations(self.engine),
            models={
                "precedent": version("precedent"),
                "vectors": self.settings.vectors,
                "ranker": read_ranker().fitted_on,
                "verdict": verdict_model.fitted_on,
                "language_model": "none",
            },
            example_texts=examples(),
            calls_about=lambda situation: self.hotline.evidence(situation),
        )

    def _dialogue(self, understanding: Understanding) -> Dialogue:
        parts = (self.taxonomy, self.gazetteer, read_phrases())
        return Dialogue(understanding, Narrower(*parts), Retelling(*parts), parts[2])

    def import_cases(
        self, path: Path, *, mapping: Path | None = None, dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> ImportReport:  # fmt: skip
        """Imports a case file. Raises BadInput for a file or mapping that cannot be read."""
        return import_cases(
            path, self.records, taxonomy=self.taxonomy, gazetteer=self.gazetteer,
            mapping=read_mapping(mapping) if mapping else None, dry_run=dry_run, progress=progress,
        )  # fmt: skip

    @cached_property
    def speech(self) -> Speech:
        """The speech models at hand."""
        s = self.settings
        return Speech(self.home, s.speech_model, s.hotline_threads, s.speech_download)

    @cached_property
    def hotline(self) -> Hotline:
        """The door to calls; it works on them once its jobs are started."""
        return open_hotline(
            self.home, self.engine, self.speech, lambda: self.desk, taxonomy=self.taxonomy, gazetteer=self.gazetteer,
            workers=self.settings.hotline_workers,
        )  # fmt: skip

    @cached_property
    def tasks(self) -> TaskDesk:
        """The desk of tasks, and of the draft cases that come of them."""
        return open_task_desk(self.engine, lambda: self.desk, taxonomy=self.taxonomy, gazetteer=self.gazetteer)

    @cached_property
    def follow_ups(self) -> FollowUps:
        """The questions whether adopted actions worked."""
        return open_follow_ups(self.engine, lambda: self.desk)

    def load_demo(self, progress: Callable[[int], None] | None = None) -> int:
        """Puts the demo city's cases into the case base; gives the number of cases read. Twice changes nothing."""
        return sum(self.import_cases(path, progress=progress).read for path in demo_files())


def open_workplace(home: str | Path | None = None) -> Workplace:
    """The workplace of a data folder (PRECEDENT_HOME by default), which is made where it is missing."""
    folder = home_folder(home)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the data folder {folder} cannot be used ({error.strerror}); set PRECEDENT_HOME to another"
        ) from error
    return Workplace(folder, read_settings(folder))
