"""The worker: claims jobs, writes stories, draws pictures, and puts the artifacts out."""
