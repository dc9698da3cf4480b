import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { queryClient } from './api/query-client.js';
import { sessionQuery } from './api/session.js';
import { App } from './app.js';
import './components.css';
import './console.css';
import { startLanguages } from './i18n/language.js';
import { router } from './router.js';

const root = document.getElementById('root');
if (root === null) throw new TypeError('index.html has no element "root"');

// At once, not one after the other: on a slow line each would wait for the one before. Without a session the server refuses
// the data, and the sign-in page is shown.
void queryClient.prefetchQuery(sessionQuery);
void router.load();
await startLanguages();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
