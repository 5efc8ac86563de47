// The first script of every page of a row: what is thrown or written to the console reaches the row, and so does what
// the page wants to say. Synchronously, so that it has arrived whatever the page does next.
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
