/** What a request is about: the same status has different meanings for a blob and a manifest. */
export type Resource = 'root' | 'manifest' | 'blob' | 'upload' | 'tags' | 'referrers' | 'token';
