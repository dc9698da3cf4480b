/** Everything the engine can copy, and schema 1: the engine refuses that by name instead of getting a "not found". */
const acceptedTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
];

/** In one line: some proxies read only the first (distribution 2.8 answers 404 to a bare wildcard for an OCI index). */
export const acceptedManifests = acceptedTypes.join(', ');

/** The media types that registries use for Docker's schema 1. */
export function isSchema1Type(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+');
}

/** Whether a manifest is a single image's: it lists no other manifests. */
export function isImageManifest(mediaType: string): boolean {
  return (
    mediaType === 'application/vnd.docker.distribution.manifest.v2+json' ||
    mediaType === 'application/vnd.oci.image.manifest.v1+json'
  );
}

/** Configs that say which platform an image is for. */
export function isImageConfig(mediaType: unknown): boolean {
  return (
    mediaType === 'application/vnd.docker.container.image.v1+json' ||
    mediaType === 'application/vnd.oci.image.config.v1+json'
  );
}

/** The placeholder for artifacts without a config (image-spec, "Guidance for an Empty Descriptor"). */
export function isEmptyConfig(mediaType: string): boolean {
  return mediaType === 'application/vnd.oci.empty.v1+json';
}

/** The media types of layers that live at other addresses (`urls`). */
export function isForeignLayer(mediaType: string): boolean {
  return mediaType.includes('.foreign.') || mediaType.includes('nondistributable');
}
