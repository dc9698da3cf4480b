# Debian, never Alpine: Temporal's native bridge needs glibc.
# Behind a wall: --build-arg IMAGE_PREFIX=registry.example.com/, for npm --build-arg NPM_CONFIG_REGISTRY=https://…, and
# proxies by the names that Docker itself knows, in both spellings (npm reads HTTPS_PROXY, apt http_proxy).
ARG IMAGE_PREFIX=docker.io/

FROM ${IMAGE_PREFIX}library/node:24-bookworm-slim AS build
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/registry/package.json ./packages/registry/
COPY packages/console/package.json ./packages/console/
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY packages ./packages
# The console says of each fault what these pages say.
COPY docs/failures*.md ./docs/
RUN npm run build
# What runs needs no compiler and no tests, and has the packages of packages/ in its bundle; of the native bridge's five platforms (140 MB) it needs its own.
RUN npm ci --ignore-scripts --omit=dev --workspaces=false \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM ${IMAGE_PREFIX}library/node:24-bookworm-slim
# The bridge reads the system's certificates even for connections without TLS.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json LICENSE ./
COPY bin ./bin
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist/ferry ./dist/ferry
RUN ln -s /app/bin/ferry /usr/local/bin/ferry && install -d -o node -g node /data
# Two heaps for all threads, as in `ferry up`: less memory.
ENV NODE_ENV=production FERRY_DATA_DIR=/data MALLOC_ARENA_MAX=2
USER node
VOLUME /data
ENTRYPOINT ["ferry"]
CMD ["worker"]
