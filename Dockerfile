# One image for every process of the site; docker-compose.yml says which it runs.
FROM python:3.11-slim

RUN useradd --uid 10001 --no-create-home digitsite && install -d -m 0700 -o digitsite /state
WORKDIR /site
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .

# Everything that is written goes to /state, so the rest of the file system can be read-only.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DIGITSITE_STATE=/state DIGITSITE_HOST=0.0.0.0 DIGITSITE_LOG_FORMAT=json
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "digitsite.probe"]
CMD ["python", "manage.py", "web"]
