import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';

import type { ImageAction } from '../api/types.js';

/** Not needed to show a page. */
const ImageActionDialog = lazy(async () => ({
  default: (await import('./image-action-dialog.js')).ImageActionDialog,
}));

interface ImageActionHandle {
  open(action: ImageAction): void;
  /** To be rendered once. */
  readonly dialog: ReactNode;
}

/** A dialog that says what an action will do, does it, and says what happened. @param onDone after it was done */
export function useImageAction(onDone?: () => void): ImageActionHandle {
  const [action, setAction] = useState<ImageAction>();
  return {
    open: setAction,
    dialog: action !== undefined && (
      <Suspense>
        <ImageActionDialog action={action} onClose={() => setAction(undefined)} onDone={onDone} />
      </Suspense>
    ),
  };
}
