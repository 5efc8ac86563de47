// Plausible as a site's own bundler takes it: the module, and the call that its README begins with.
import { init } from '@plausible-analytics/tracker';

init({ domain: location.hostname, endpoint: location.origin + '/api/event' });
