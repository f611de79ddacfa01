"""What is done with knowledge: understand a situation, match, recommend, converse, and log what was shown."""
