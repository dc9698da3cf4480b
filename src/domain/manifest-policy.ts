/**
 * What to do with the attestation manifests that some registries (ACR Personal) refuse:
 * `keep` copies them, `drop` leaves them out of the index (its digest changes, and both are recorded),
 * `fail` refuses the image before any layer moves.
 */
export const ManifestPolicy = { keep: 'keep', drop: 'drop', fail: 'fail' } as const;
export type ManifestPolicy = (typeof ManifestPolicy)[keyof typeof ManifestPolicy];
