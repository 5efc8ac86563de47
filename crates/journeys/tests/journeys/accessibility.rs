//! The demo's pages have no serious accessibility mistake, in light and dark: axe-core looks at each as a visitor sees it.

use serde_json::json;

use crate::browser::Browser;
use crate::process::given;
use crate::stage::{Headwater, Storefront};

/// Says what axe finds serious or worse on the open page: a rule, the elements, and why.
const SERIOUS: &str = "const [done] = arguments;
    axe.run(document, {resultTypes: ['violations']}).then(
        ({violations, passes}) => done({passes: passes.length, serious: violations
            .filter(({impact}) => impact === 'serious' || impact === 'critical')
            .map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map(({html}) => html).join(' ')}`)}),
        (error) => done({passes: 0, serious: [String(error)]}));";

/// A browser whose visitor prefers `scheme`, `light` or `dark`.
async fn open(scheme: &str) -> Browser {
    // Blink's numbers of the schemes.
    let number = u8::from(scheme != "dark");
    let browser = Browser::open_with(&[&format!("--blink-settings=preferredColorScheme={number}")]).await;
    let prefers = format!("return matchMedia('(prefers-color-scheme: {scheme})').matches");
    assert_eq!(browser.ask(&prefers).await, true, "the browser prefers {scheme}");
    browser
}

/// Fails when axe finds a serious mistake on the open page. `shows` is visible once the page is complete.
async fn assert_nothing_serious(browser: &Browser, shows: &str) {
    let axe = std::fs::read_to_string(given("HEADWATER_JOURNEYS_AXE")).expect("axe-core is installed");
    browser.see(shows).await;
    browser.ask(&axe).await;
    let found = browser.ask_later(SERIOUS).await;
    let page = browser.address().await;
    assert_eq!(found["serious"], json!([]), "{page} with {shows}");
    assert!(found["passes"].as_u64() > Some(9), "axe checked {page}: {found}");
}

#[tokio::test]
async fn no_page_of_the_demo_has_a_serious_accessibility_mistake() {
    let headwater = Headwater::open().await;
    let storefront = Storefront::open(&headwater).await;
    for scheme in ["light", "dark"] {
        let browser = open(scheme).await;
        browser.open_page(&storefront.link).await;
        assert_nothing_serious(&browser, "#welcome").await;
        browser.click("#signup-link").await;
        assert_nothing_serious(&browser, "#name").await;
        browser.write("#name", "Ada Example").await;
        browser.write("#email", &format!("{scheme}@buyer.example")).await;
        browser.see("#credit").await;
        browser.click("#signup-submit").await;
        assert_nothing_serious(&browser, "#signed-up").await;
        browser.click("#checkout-link").await;
        assert_nothing_serious(&browser, "#checkout").await;
        browser.click("#buy-inbox").await;
        browser.click("#pay").await;
        assert_nothing_serious(&browser, "#paid").await;
        browser.click("#journey-link").await;
        let all = "return document.querySelectorAll('#partner-rewards li .end').length === 1";
        browser.until("the journey page to show the commission", all).await;
        assert_nothing_serious(&browser, "#journey").await;
        browser.close().await;
    }
}
