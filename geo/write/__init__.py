"""The writers: they see a Release and nothing else of ours."""
