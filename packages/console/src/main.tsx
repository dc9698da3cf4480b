import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app.js';
import './components.css';
import './console.css';
import { startLanguages } from './i18n/language.js';

const root = document.getElementById('root');
if (root === null) throw new TypeError('index.html has no element "root"');

await startLanguages();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
