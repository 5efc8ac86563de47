// Follows Google's consent mode. A file of its own, loaded where `data-consent="google"` asks for it; until it is there
// the question is open, and what was said meanwhile stands in `dataLayer`.
const api = window.__headwater;

/** `ad_storage` of every `gtag('consent', …)`; a default of denied is a question that is still open. */
const layer = window.dataLayer ||= [];
const hear = (entry) => {
  if (!entry || entry[0] != 'consent' || !entry[2]) return;
  const state = entry[2].ad_storage;
  if (state) api.consent(state == 'denied' && entry[1] == 'default' ? 'pending' : state);
};
const { push } = layer;
layer.push = function (...entries) {
  entries.forEach(hear);
  return push.apply(this, entries);
};
layer.forEach(hear);
