// The first script of every page of a row. It reports to the row what is thrown or written to the console, and what the
// page says with `say`. Requests are synchronous, so that they have arrived whatever the page does next.
(() => {
  const tell = (path, value) => {
    const text = JSON.stringify(value);
    try {
      const request = new XMLHttpRequest();
      request.open('POST', `{site}/-/${path}`, false);
      request.send(text);
    } catch {
      navigator.sendBeacon(`{site}/-/${path}`, text);
    }
  };
  const words = (value) => (value && (value.stack || value.message)) || String(value);
  window.say = (name, value) => tell('said', [name, value]);
  window.threw = (error) => tell('noise', `thrown: ${words(error)}`);
  addEventListener('error', (event) => tell('noise', `error: ${event.message} ${words(event.error)}`));
  addEventListener('unhandledrejection', (event) => tell('noise', `rejected: ${words(event.reason)}`));
  for (const level of ['error', 'warn']) console[level] = (...values) => tell('noise', `${level}: ${values.map(words)}`);
})();
