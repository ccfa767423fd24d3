"""What the models' libraries log without end, and nobody can act on."""

import logging

CHATTER = {
    "bitsandbytes.autograd._functions": "MatMul8bitLt: inputs will be cast",
    "bitsandbytes.backends.cpu.ops": "Failed to load CPU gemm_4bit_forward",
}
"""Loggers, and how the one line of theirs begins that is said at every call or import."""


def quiet() -> None:
    """Drop these lines and no others. Call it before the libraries are imported."""
    for name in CHATTER:
        logging.getLogger(name).addFilter(_worth_reading)


def _worth_reading(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(CHATTER[record.name])
