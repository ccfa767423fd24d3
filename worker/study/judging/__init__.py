"""`quality`, `quantization`, `early-exit`: what pictures and stories of a setting are worth."""
