// Follows Google's consent mode. A file of its own, loaded where `data-consent="google"` asks for it. Until it is
// loaded consent is pending; calls made before that are read from `dataLayer`.
const api = window.__headwater;

/** `ad_storage` of every `gtag('consent', …)`. A default of denied means pending: the visitor has not decided yet. */
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
