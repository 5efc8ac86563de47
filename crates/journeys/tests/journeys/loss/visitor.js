// Runs first on each page of a visitor's site.
if (!plan.locks) Object.defineProperty(navigator, 'locks', { value: undefined });
// The ids of the events in this site's storage.
const stored = () => Object.keys(localStorage).filter((name) => name.startsWith(`hw_${plan.key}_`)).map((name) => name.slice(-36));
