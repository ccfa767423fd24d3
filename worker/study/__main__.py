"""What a setting costs and what it is worth, measured on the real engine and models.

python -m worker.study profile        what candidate levels cost: seconds, memory, batch laws
python -m worker.study quality        what they are worth: CLIPScore, Fréchet distance
python -m worker.study quantization   precisions of denoiser and story model
python -m worker.study early-exit     early exit by each measure, beside simply fewer steps
python -m worker.study anova          whole storybooks: a designed experiment and its ANOVA
python -m worker.study validate       predictions beside a live stack: `python -m evidence validate`

The models are those that STORYTELLER_IMAGE_MODEL, STORYTELLER_STORY_MODEL and
STORYTELLER_CLIP_MODEL name, drawn with STORYTELLER_TORCH_THREADS threads (1 unless set). A command
prints its table as Markdown, and writes it for LaTeX, with the records behind it, into --out.
"""

import argparse
import json
import os
import subprocess
import sys

from services.contract import settings
from services.contract.settings import Settings, SettingsError
from worker import chatter
from worker.study.options import parser, understood
from worker.study.terms import Unusable

ELSEWHERE = "validate"
EXIT_UNUSABLE = 2
EXIT_INTERRUPTED = 130
THREADS = 1
"""What suits the shipped illustrator, and keeps the settings of a comparison comparable."""


def _run(options: argparse.Namespace, loaded: Settings) -> None:
    # Imported here because OpenMP reads its policy when torch is loaded, and --help needs neither.
    import torch  # noqa: PLC0415

    from worker.study import records  # noqa: PLC0415
    from worker.study.commands import STUDIES  # noqa: PLC0415

    torch.set_num_threads(loaded.torch_threads or THREADS)
    finding = STUDIES[options.command](options, loaded)
    # What a file has was measured elsewhere.
    conditions = {} if getattr(options, "analyse", None) else records.conditions()
    told = {"command": options.command, "options": understood(options), **conditions}
    result = {**told, "figures": finding.figures}
    records.write(options.out, finding.table, result, finding.rows)
    print(finding.table.markdown())
    if options.json:
        print(json.dumps(result, ensure_ascii=False))


def main() -> int:
    """The exit status: 0 done, 2 an option, a setting or a model is wrong, 130 stopped."""
    if sys.argv[1:2] == [ELSEWHERE]:
        # It needs queueing models and the load generator, and nothing of a worker.
        return subprocess.call([sys.executable, "-m", "evidence", *sys.argv[1:]])
    options = parser(__doc__ or "").parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    chatter.quiet()
    try:
        _run(options, settings.load(os.environ))
    except (SettingsError, Unusable) as error:
        print(error, file=sys.stderr)
        return EXIT_UNUSABLE
    except ModuleNotFoundError as error:
        print(f"{error}: a study needs more than a worker, pip install '.[study]'", file=sys.stderr)
        return EXIT_UNUSABLE
    except KeyboardInterrupt:
        print(f"stopped; {options.out} keeps what its journals have", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
