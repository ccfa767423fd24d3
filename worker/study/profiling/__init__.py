"""`profile`: what each level costs, in seconds and memory, alone and beside others."""
