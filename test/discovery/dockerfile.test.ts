import { printImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';

import { Discovery } from '../../src/discovery/discovery.js';
import { readDockerfile } from '../../src/discovery/read-dockerfile.js';

function find(text: string, args: Readonly<Record<string, string>> = {}) {
  const discovery = new Discovery();
  readDockerfile(discovery, text, { source: 'Dockerfile', args: (name) => args[name] });
  return discovery;
}

function images({ finds }: Discovery): readonly string[] {
  return finds.map(({ reference, evidence }) => `${evidence.line}: ${printImageReference(reference)}`);
}

describe('images of a Dockerfile', () => {
  test('stages of the build and scratch are left out', () => {
    const found = find(`# syntax=docker/dockerfile:1.7
ARG NODE=22
ARG BASE="node:\${NODE}-alpine"
FROM --platform=$BUILDPLATFORM \${BASE} AS build
RUN --mount=type=bind,from=golang:1.24,target=/go --mount=type=cache,target=/x make
FROM build AS test
FROM scratch AS empty
FROM nginx:1.27
COPY --from=build /a /a
COPY --from=0 /a /a
COPY --chown=1:1 --from=ghcr.io/astral-sh/uv:0.8 /uv /bin/
ONBUILD COPY --from=busybox:1.36 /bin/sh /sh
`);

    expect(images(found)).toEqual([
      '1: docker.io/docker/dockerfile:1.7',
      '4: docker.io/library/node:22-alpine',
      '5: docker.io/library/golang:1.24',
      '8: docker.io/library/nginx:1.27',
      '11: ghcr.io/astral-sh/uv:0.8',
      '12: docker.io/library/busybox:1.36',
    ]);
    expect(found.skipped).toEqual([]);
  });

  test('lines that continue, comments between them and here-documents are read as Docker reads them', () => {
    const found = find(`FROM \\
  # a comment
  alpine:3.20 \\
  AS one
RUN <<EOF
FROM not-an-image:1
COPY --from=neither:1 a b
EOF
RUN <<-"END" cat
\tFROM nothing:1
\tEND
FROM one
FROM debian:12
`);

    expect(images(found)).toEqual(['1: docker.io/library/alpine:3.20', '13: docker.io/library/debian:12']);
  });

  test('the escape character can be a backtick', () => {
    expect(images(find('# escape=`\nFROM `\n  mcr.microsoft.com/windows/nanoserver:ltsc2025\n'))).toEqual([
      '2: mcr.microsoft.com/windows/nanoserver:ltsc2025',
    ]);
  });

  test('build arguments override defaults, and one without a value is reported', () => {
    const text =
      'ARG TAG=1\nARG OTHER\nFROM example.org/a:${TAG}\nFROM example.org/b:${OTHER}\nFROM example.org/c:${NONE:-3}\n';

    const found = find(text, { TAG: '2' });

    expect(images(found)).toEqual(['3: example.org/a:2', '5: example.org/c:3']);
    expect(found.unknown).toEqual([
      { source: 'Dockerfile:4 FROM example.org/b:${OTHER}', reason: 'OTHER has no value and no default' },
    ]);
  });

  test('a shift is no here-document, so that what follows is read', () => {
    const text = 'FROM alpine:3.20\nRUN echo $((1<<N))\nFROM debian:12\n';

    expect(images(find(text))).toEqual(['1: docker.io/library/alpine:3.20', '3: docker.io/library/debian:12']);
  });

  test('stages for each platform are stages', () => {
    expect(
      images(find('FROM alpine:3.20 AS build-amd64\nFROM alpine:3.20 AS build-arm64\nFROM build-${TARGETARCH}\n')),
    ).toEqual(['1: docker.io/library/alpine:3.20', '2: docker.io/library/alpine:3.20']);
  });
});
