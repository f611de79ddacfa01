"""Which embedder goes by a name, and which vector index it has: FAISS in the data folder, or a Chroma server."""

from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

from assistant.models import BUILT_IN
from knowledge.embedder import Embedder
from knowledge.errors import BadInput
from knowledge.meaning import Meaning
from knowledge.vectors import FaissVectors, KeptVectors, VectorIndex, kept_vectors

__all__ = ["VectorPlace"]


@dataclass(frozen=True)
class VectorPlace:
    """Where vectors are kept: in the data folder `home`, or on a server. `kind` is "faiss" or "chroma"; `meaning` is
    the built-in embedder."""

    home: Path
    meaning: Meaning
    kind: str
    chroma_host: str
    chroma_port: int

    def embedder(self, name: str) -> Embedder:
        """The built-in one, or a model by its name; a heavy one keeps its vectors by content hash."""
        if name == BUILT_IN:
            return self.meaning
        from knowledge.embeddings import KeptEmbedder
        from knowledge.sentence_embedder import SentenceEmbedder

        return KeptEmbedder(SentenceEmbedder(name), self.home / "embeddings.sqlite")

    def index(self, embedder: Embedder) -> VectorIndex:
        """The index of an embedder. Raises BadInput for a kind that is not known."""
        if self.kind == "faiss":
            return FaissVectors(embedder.dimension, embedder.name, self._folder(embedder.name))
        if self.kind == "chroma":
            from knowledge.chroma_vectors import ChromaVectors

            return ChromaVectors(embedder.name, host=self.chroma_host, port=self.chroma_port)
        raise BadInput(f'vectors = {self.kind!r} is not known; use "faiss" or "chroma"')

    def kept(self, name: str) -> KeptVectors:
        """What the index of the embedder of that name holds. No model is loaded."""
        model = self.meaning.name
        if name != BUILT_IN:
            from knowledge.sentence_embedder import SentenceEmbedder

            model = SentenceEmbedder(name).name
        if self.kind == "chroma":
            from knowledge.chroma_vectors import ChromaVectors

            chroma = ChromaVectors(model, host=self.chroma_host, port=self.chroma_port)
            return KeptVectors(model, 0, chroma.count())
        kept = kept_vectors(model, self._folder(model))
        return replace(kept, dimension=self.meaning.dimension) if name == BUILT_IN else kept

    def _folder(self, model: str) -> Path:
        """Each embedder has a folder of its own, so that the next one is made while this one is in use."""
        own = "vectors" if model == self.meaning.name else f"vectors-{crc32(model.encode()):08x}"
        return self.home / "copies" / own
