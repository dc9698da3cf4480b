import 'i18next';

import type { Catalogue } from './en.js';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: Catalogue };
  }
}
