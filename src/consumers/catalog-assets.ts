/** Style and script of the catalog's page. Their hashes are in its policy, so that nothing may be added to them. */

export const catalogStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
header { position: sticky; top: 0; background: Canvas; padding-bottom: 0.75rem; }
label { display: block; font-size: 0.875rem; }
input { box-sizing: border-box; width: 100%; padding: 0.5rem; font: inherit; }
article { border-top: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); padding: 0.75rem 0; }
ul { list-style: none; margin: 0; padding: 0; }
li { margin-top: 0.5rem; }
li p { margin: 0; font-size: 0.875rem; }
code { display: block; overflow-wrap: anywhere; user-select: all; }
.digest { font-family: ui-monospace, monospace; font-size: 0.75rem; overflow-wrap: anywhere; opacity: 0.75; }
`;

/** Shows the images that contain every word. The words are in the address, so that a search can be sent as a link. */
export const catalogScript = `
const search = document.getElementById('search');
const articles = [...document.querySelectorAll('article')].map((node) => [node, node.textContent.toLowerCase()]);
function show() {
  const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
  let count = 0;
  for (const [node, text] of articles) {
    node.hidden = !words.every((word) => text.includes(word));
    if (!node.hidden) count += 1;
  }
  document.getElementById('count').textContent = String(count);
  document.getElementById('none').hidden = count > 0 || articles.length === 0;
}
search.addEventListener('input', () => {
  history.replaceState(null, '', search.value === '' ? location.pathname : '#' + encodeURIComponent(search.value));
  show();
});
function read() {
  try {
    search.value = decodeURIComponent(location.hash.slice(1));
  } catch {
    search.value = '';
  }
  show();
}
addEventListener('hashchange', read);
read();
`;
