"""The language model behind the stories: finding it, loading it, writing line by line."""
