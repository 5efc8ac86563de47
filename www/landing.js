// The landing page greets a referred visitor, and notes when the cookie was there for the journey page.
window.growsumoInit = function () {
  if (!window.growsumo || !growsumo.data.partner_key) return;
  document.getElementById('welcome').hidden = false;
  try {
    sessionStorage.setItem('cookie_at', String(Date.now()));
    sessionStorage.setItem('cookie_took', String(Math.round(performance.now())));
  } catch (e) { /* a visitor without storage sees the journey without this number */ }
};
growsumoInit(); // when the tracker was quicker than this file
