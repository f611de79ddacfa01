"""What the city knows: cases, words, vectors, places and the taxonomy. No language model and no prompt lives here."""
