"""The only module that reads configuration and knows every constructor: from a data folder to a Desk."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Engine

from assistant.adapt import Adapter
from assistant.compose import Prose
from assistant.desk import Desk
from assistant.dialogue import Dialogue
from assistant.match import Matcher, read_ranker
from assistant.narrow import Narrower
from assistant.reasons import Reasons
from assistant.recommend import Composer
from assistant.retell import Retelling
from assistant.settings import Settings, home_folder, read_settings
from assistant.situation import Understanding
from assistant.verdict import read_verdict_model
from knowledge.categories import Categoriser
from knowledge.conversations import Conversations
from knowledge.copies import Copies
from knowledge.dangers import read_dangers
from knowledge.database import open_database
from knowledge.demo import demo_files, examples
from knowledge.embedder import Embedder, LexicalEmbedder
from knowledge.errors import BadInput
from knowledge.intake import ImportReport, import_cases
from knowledge.interactions import Interactions
from knowledge.lexicon import read_lexicon
from knowledge.mapping import read_mapping
from knowledge.places import Gazetteer, read_places
from knowledge.profiles import Profiles
from knowledge.records import SqlRecords
from knowledge.statistics import Statistics
from knowledge.taxonomy import Taxonomy, read_taxonomy
from knowledge.vectors import FaissVectors, VectorIndex
from knowledge.words import TantivyWords
from prompts import read_phrases

__all__ = ["Workplace", "open_workplace"]

Progress = Callable[[int, int], None]


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
        """Reads categories from texts."""
        return Categoriser(self.taxonomy)

    @cached_property
    def engine(self) -> Engine:
        """The open database. Raises Fault where it cannot be opened."""
        return open_database(self.settings.database or str(self.home / "precedent.sqlite"))

    @cached_property
    def records(self) -> SqlRecords:
        """The case base."""
        return SqlRecords(self.engine)

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder of the settings; a heavy one keeps its vectors by content hash."""
        if self.settings.embedder == "lexical":
            return LexicalEmbedder(read_lexicon(self.taxonomy, self.home))
        from knowledge.embeddings import KeptEmbedder
        from knowledge.sentence_embedder import SentenceEmbedder

        return KeptEmbedder(SentenceEmbedder(self.settings.embedder), self.home / "embeddings.sqlite")

    @cached_property
    def copies(self) -> Copies:
        """Case base with its word index, vector index and profiles."""
        folder = self.home / "copies"
        return Copies(
            records=self.records,
            words=TantivyWords(folder / "words"),
            vectors=self._vectors(folder),
            profiles=Profiles(folder / "profiles"),
            embedder=self.embedder,
        )

    def _vectors(self, folder: Path) -> VectorIndex:
        if self.settings.vectors == "faiss":
            return FaissVectors(self.embedder.dimension, self.embedder.name, folder / "vectors")
        if self.settings.vectors == "chroma":
            from knowledge.chroma_vectors import ChromaVectors

            return ChromaVectors(self.embedder.name, host=self.settings.chroma_host, port=self.settings.chroma_port)
        raise BadInput(f'vectors = {self.settings.vectors!r} is not known; use "faiss" or "chroma"')

    @cached_property
    def interactions(self) -> Interactions:
        """The log."""
        return Interactions(self.engine)

    @cached_property
    def desk(self) -> Desk:
        """The assistant, with its copies brought up to date."""
        phrases = read_phrases()
        own = self.home / "dangers.csv"
        understanding = Understanding(self.categoriser, self.gazetteer, read_dangers(own if own.is_file() else None))
        verdict_model = read_verdict_model()
        ranker = read_ranker()
        reasons = Reasons(self.taxonomy, self.gazetteer, phrases, self.copies.profiles.commonness)
        return Desk(
            taxonomy=self.taxonomy,
            gazetteer=self.gazetteer,
            city={"zh": self.settings.city_zh, "en": self.settings.city_en},
            copies=self.copies,
            understanding=understanding,
            matcher=Matcher(self.copies, self.categoriser, self.gazetteer, reasons, ranker),
            verdict_model=verdict_model,
            composer=Composer(self.taxonomy, phrases, Adapter(self.gazetteer, phrases)),
            prose=Prose(self.taxonomy, self.gazetteer, phrases),
            dialogue=Dialogue(
                understanding,
                Narrower(self.taxonomy, self.gazetteer, phrases),
                Retelling(self.taxonomy, self.gazetteer, phrases),
                phrases,
            ),
            statistics=Statistics(self.engine),
            interactions=self.interactions,
            conversation_log=Conversations(self.engine),
            models={
                "precedent": version("precedent"),
                "embedder": self.embedder.name,
                "vectors": self.settings.vectors,
                "ranker": ranker.fitted_on,
                "verdict": verdict_model.fitted_on,
                "language_model": "none",
            },
            example_texts=examples(),
        )

    def import_cases(
        self,
        path: Path,
        *,
        mapping: Path | None = None,
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> ImportReport:
        """Imports a case file. Raises BadInput for a file or mapping that cannot be read."""
        return import_cases(
            path,
            self.records,
            taxonomy=self.taxonomy,
            gazetteer=self.gazetteer,
            mapping=read_mapping(mapping) if mapping else None,
            dry_run=dry_run,
            progress=progress,
        )

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
