// The ids of the events that this site keeps.
const stored = () => Object.keys(localStorage).filter((name) => name.startsWith(`hw_${plan.key}_`)).map((name) => name.slice(-36));
