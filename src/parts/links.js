// Adds the referral to links, forms and frames that lead to another domain of the same site, where our cookies do not
// reach. A file of its own, loaded where `data-domains` asks for it.
const { attempt, credit, is_held, option } = window.__headwater.inside;

/** The address with the referral on it, when it leads to one of `data-domains`. */
const with_referral = (address) => {
  const url = new URL(address, location.href);
  const { partner_key: gspid, xid: ps_xid } = credit();
  const known = { gspid, ps_xid };
  const ours = option('domains').split(',').some((name) => ('.' + url.hostname).endsWith('.' + name.trim()));
  if (ours && url.hostname != location.hostname && !is_held()) {
    for (const name in known) if (known[name]) url.searchParams.set(name, known[name]);
    return url.href;
  }
};

const decorate = (element, name) => attempt(() => {
  const address = with_referral(element[name]);
  if (!address) return;
  if (element.method != 'get') element[name] = address;
  // A GET form replaces the parameters of its address by its fields, so the referral is added as hidden fields.
  else for (const [name, value] of new URL(address).searchParams) {
    const field = element.elements[name] || element.appendChild(document.createElement('input'));
    if (!field.name) Object.assign(field, { type: 'hidden', name, value });
  }
});

// Links are decorated when they are used, so that links added later are too.
const used = (event) => {
  const link = event.target.closest && event.target.closest('a[href]');
  if (link) decorate(link, 'href');
};
for (const name of ['mousedown', 'click', 'auxclick', 'keydown']) document.addEventListener(name, used, true);
document.addEventListener('submit', (event) => decorate(event.target, 'action'), true);
document.querySelectorAll('iframe[src]').forEach((frame) => decorate(frame, 'src'));
