import { parseImageReference } from '@image-ferry/registry/reference';
import { expect, test } from 'vitest';

import { decideSource, wellKnownRegistries } from '../../src/domain/source-allow-list.js';

test.each([
  'langgenius/dify-api:1.16.0',
  'quay.io/coreos/etcd:v3.5.5',
  'quay.io/oceanbase/oceanbase-ce:4.3.3',
  'ghcr.io/chroma-core/chroma:0.5.20',
  'container-registry.oracle.com/database/free:latest',
  'containers.intersystems.com/intersystems/iris-community:2025.3',
  'docker.elastic.co/kibana/kibana:8.14.3',
  'downloads.unstructured.io/unstructured-io/unstructured-api:latest',
])('the image %s of a Dify release is allowed without any configuration', (image) => {
  const decision = decideSource(parseImageReference(image), {
    allowed: wellKnownRegistries,
    trusted: [],
    targets: [],
  });

  expect(decision).not.toMatchObject({ kind: 'refused' });
});
