import { setNonce } from 'get-nonce';

/** Style elements with it are allowed by the Content-Security-Policy; empty where there is none, as while developing. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';

// For the dialogs, which keep the page behind them from scrolling.
setNonce(styleNonce);
