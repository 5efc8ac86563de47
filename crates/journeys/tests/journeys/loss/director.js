// Opens the tabs of all visitors, twelve visitors at a time, and reports when a visitor's tabs are closed.
const AT_ONCE = 12;
const PATIENCE = 30e3;
const pause = (millis) => new Promise((resolve) => { setTimeout(resolve, millis); });

const open_tab = async (plan, page) => {
  const tab = window.open(`//v${plan.number}.localhost:${location.port}/${page}`, '_blank', plan.window ? 'popup,width=600,height=400' : '');
  const end = (event) => {
    if (event.source === tab && ['closed', 'hides'].includes(plan.ending)) setTimeout(() => tab.close(), plan.after);
  };
  addEventListener('message', end);
  const begun = performance.now();
  while (!tab.closed && performance.now() - begun < PATIENCE) await pause(15);
  removeEventListener('message', end);
  if (!tab.closed) {
    navigator.sendBeacon('/-/stuck', `visitor ${plan.number} on /${page}`);
    tab.close();
  }
};

const visits = {
  async first(plan) {
    await open_tab(plan, `signup?ps_partner_key=cm9iaW4&ps_xid=${plan.customer.slice(-12)}`);
    if (!plan.tabs) return;
    await pause(plan.away);
    const back = Array.from({ length: plan.tabs }, () => open_tab(plan, 'back'));
    await Promise.all(back);
  },
  last: (plan) => open_tab(plan, 'last'),
}[location.pathname.slice(1)];

const visitors = plans.values();
for (let line = 0; line < AT_ONCE; line++) {
  (async () => {
    for (const plan of visitors) {
      await visits(plan);
      navigator.sendBeacon('/-/gone');
    }
  })();
}
