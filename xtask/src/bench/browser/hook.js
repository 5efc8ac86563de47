(() => {
  const marks = window.__marks = [];
  const wrap = (object, name, kind, what) => {
    const plain = object[name];
    object[name] = function (...args) {
      marks.push([kind, String(what(args)), performance.now()]);
      return plain.apply(this, args);
    };
  };
  wrap(window, 'fetch', 'request', ([to]) => to.url || to);
  wrap(Navigator.prototype, 'sendBeacon', 'request', ([to]) => to);
  wrap(XMLHttpRequest.prototype, 'open', 'request', ([, to]) => to);
  wrap(Storage.prototype, 'setItem', 'storage', ([key]) => key);
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  Object.defineProperty(Document.prototype, 'cookie', {
    configurable: true,
    enumerable: true,
    get,
    set(text) {
      set.call(this, text);
      marks.push(['cookie', String(text).split('=')[0].trim(), performance.now()]);
    },
  });
})();
