// The overlay of `partnerstack.debug()` and `?headwater_debug=1`: what the tracker found, stored and sent, and the
// answers. A file of its own, loaded when it is asked for.
(() => {
  const api = window.__headwater;
  if (!api || document.getElementById('headwater-debug')) return;

  const NAMES = /^(growSumoPartnerKey|ps_partner_key|gsxid|ps_xid|pscd|_ps_|_gsxid|_grsmpk)/;
  const STYLE = `
    :host { all: initial; position: fixed; inset: auto 12px 12px auto; z-index: 2147483647; }
    section { font: 13px/1.45 system-ui, sans-serif; width: min(420px, calc(100vw - 24px)); max-height: 70vh; overflow: auto;
      background: #fff; color: #17202a; border: 1px solid #c9d1d9; border-radius: 10px; box-shadow: 0 8px 30px #0003; }
    header { position: sticky; top: 0; display: flex; align-items: center; padding: 10px 14px; background: #17202a; color: #fff; }
    header b { flex: 1; } button { font: inherit; color: inherit; background: none; border: 0; cursor: pointer; padding: 4px 8px; }
    h2 { font: 600 12px system-ui; margin: 12px 14px 4px; color: #57606a; } ul { margin: 0 14px 10px; padding: 0; list-style: none; }
    li { overflow-wrap: anywhere; padding: 2px 0; } .bad { color: #b3261e; } .good { color: #1a7f37; } code { font: 12px ui-monospace, monospace; }
    @media (prefers-color-scheme: dark) { section { background: #10151b; color: #e6edf3; border-color: #30363d; }
      .bad { color: #ff7b72; } .good { color: #56d364; } h2 { color: #9198a1; } }`;

  const host = document.createElement('div');
  host.id = 'headwater-debug';
  const root = host.attachShadow({ mode: 'open' });
  // Not a style element: a page's policy may forbid those.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const make = (name, text, kind) => Object.assign(document.createElement(name), { textContent: text, className: kind || '' });
  const attempt = (action, otherwise) => { try { return action(); } catch (e) { return otherwise; } };

  const cookies = () => attempt(() => document.cookie, '').split('; ').filter((cookie) => NAMES.test(cookie));
  const pending = () => attempt(() => Object.keys(localStorage), []).filter((name) => /^hw_.*_[\w-]{36}$/.test(name))
    .map((name) => attempt(() => JSON.parse(localStorage.getItem(name)), null)).filter(Boolean);
  const ids = (text) => text.match(/.{36}/g) || [];

  const told = ([, , sent, status, text]) => {
    const refused = attempt(() => JSON.parse(text).refused, null) || [];
    return ids(sent).map((id) => {
      const refusal = refused.find((one) => one.id === id);
      if (refusal) return [`${id} refused: ${refusal.message}`, 'bad'];
      if (status >= 200 && status < 300) return [`${id} acknowledged`, 'good'];
      const words = attempt(() => JSON.parse(text).message, '') || text;
      return [status ? `${id} answered ${status}: ${words}` : `${id} not answered; kept, and tried again`, 'bad'];
    });
  };

  const sections = () => {
    const log = api.log || [];
    const data = api.data || {};
    const captured = log.filter(([, what]) => what === 'referral');
    const referral = data.partner_key || data.xid
      ? [[`partner ${data.partner_key || '(unknown)'}, click ${data.xid || '(none)'}`, 'good'],
        [captured.length ? `from the address of this page: ${captured.at(-1)[2]}` : 'from the cookies of an earlier visit']]
      : [['none: neither the address nor a cookie names a partner', 'bad']];
    return {
      Referral: referral,
      Cookies: cookies().map((cookie) => [cookie]),
      Pending: pending().map((event) => [`${event.type} ${event.id}`]),
      Sent: log.filter(([, what]) => what === 'sent').flatMap(([at, , sent]) =>
        ids(sent).map((id) => [`${new Date(at).toLocaleTimeString()} ${id}`])),
      Answers: log.filter(([, what]) => what === 'answered').flatMap(told),
    };
  };

  let drawn = '';
  const draw = () => {
    const now = sections();
    const text = JSON.stringify(now);
    if (text === drawn) return;
    drawn = text;
    const section = make('section', '');
    const header = make('header', '');
    const close = make('button', '✕');
    close.setAttribute('aria-label', 'Close');
    close.onclick = () => { clearInterval(timer); host.remove(); };
    header.append(make('b', 'Headwater'), close);
    section.append(header);
    for (const [title, lines] of Object.entries(now)) {
      const list = make('ul', '');
      list.append(...(lines.length ? lines : [['none']]).map(([line, kind]) => make('li', line, kind)));
      section.append(make('h2', title), list);
    }
    root.replaceChildren(section);
  };
  const timer = setInterval(draw, 500);
  draw();
  document.body.append(host);
})();
