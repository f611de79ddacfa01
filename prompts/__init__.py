"""Texts that the assistant speaks, as files in Chinese and English; placeholders are checked when they are loaded."""

from prompts.phrases import Phrases, read_phrases

__all__ = ["Phrases", "read_phrases"]
