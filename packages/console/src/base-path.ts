/** The path under which the server serves the console, with a slash at its end: it writes it into the page's <base>. */
export const basePath = new URL('./', document.baseURI).pathname;
