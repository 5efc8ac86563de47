// Consent given elsewhere: Google's consent mode, and the browser's own Global Privacy Control.
import { api, option } from '../browser.js';

/** `ad_storage` of every `gtag('consent', …)`; a default of denied is a question that is still open. */
const follow_google = () => {
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
};

/** What holds until the site says otherwise. */
export const begin_consent = () => {
  const asked = option('consent');
  if (navigator.globalPrivacyControl && option('gpc') != 'ignore') api.consent('denied');
  else if (asked) api.consent('pending');
  if (asked == 'google') follow_google();
};
