/** What a request is about: the same status means something else of a blob than of a manifest. */
export type Resource = 'root' | 'manifest' | 'blob' | 'upload' | 'tags' | 'referrers' | 'token';
