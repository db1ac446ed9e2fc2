# The service in a container. PostgreSQL and Redis are containers of their own: see compose.yml.
FROM python:3.11-slim
WORKDIR /app
COPY requirements/main.lock requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/main.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --system --home /data eungdap && install -d -o eungdap /data
USER eungdap
EXPOSE 8000
ENTRYPOINT ["eungdap"]
CMD ["serve"]
