"""A small Whisper-shaped model for the demonstration, from sentences to a checkpoint that openai-whisper loads.

Modules in the order of the work: corpus (what is said), synthesis (who says it), channel (what the line does to it),
examples (sound with exact times), window (what the network sees at once), network, training, checkpoint, gate. The
command is `python -m knowledge.speech_model --out FILE`. What the model is for, and what not, is told in CARD.md.
"""

from knowledge.speech_model.corpus import Corpus, Sentence, read_corpus

__all__ = ["Corpus", "Sentence", "read_corpus"]
