// On each page of a visitor's site, before anything else.
if (!plan.locks) Object.defineProperty(navigator, 'locks', { value: undefined });
// The ids of the events that this site keeps.
const stored = () => Object.keys(localStorage).filter((name) => name.startsWith(`hw_${plan.key}_`)).map((name) => name.slice(-36));
