// Runs before anything is painted, so that no page flashes in the other theme.
(() => {
  const asked = new URLSearchParams(location.search).get('theme');
  let kept = null;
  try {
    kept = localStorage.getItem('runyard.theme');
  } catch {
    // Storage is off in some embeds.
  }
  const isEmbed = location.pathname.startsWith('/embed/');
  const chosen = isEmbed && asked ? asked : kept;
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset.theme =
    chosen === 'dark' || chosen === 'light' ? chosen : system;
})();
