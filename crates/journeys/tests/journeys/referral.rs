//! The main journey in a browser: a partner's link, a signup, two products, two commissions.

use serde_json::json;

use crate::browser::Browser;
use crate::outcome::{assert_partner_sees_both_products, assert_two_commissions};
use crate::stage::{Headwater, Storefront};

/// Follows the partner's link to the landing page.
async fn arrive(browser: &Browser, storefront: &Storefront) {
    browser.open_page(&storefront.link).await;
    let address = browser.address().await;
    assert!(address.starts_with(&storefront.url), "the link leads to the storefront: {address}");
    assert!(address.contains("ps_xid=") && address.contains("ps_partner_key="), "{address}");
    browser.see("#welcome").await;
    let cookies = browser.ask("return document.cookie").await.to_string();
    for name in ["growSumoPartnerKey=", "ps_partner_key=", "gsxid=", "ps_xid="] {
        assert!(cookies.contains(name), "{name} is not among {cookies}");
    }
}

/// Creates an account; returns the site's id of it.
async fn sign_up(browser: &Browser) -> String {
    browser.click("#signup-link").await;
    browser.write("#name", "Ada Example").await;
    browser.write("#email", "ada@buyer.example").await;
    // The page shows it once the script has run and found the partner.
    browser.see("#credit").await;
    browser.click("#signup-submit").await;
    browser.see("#signed-up").await;
    browser.read("#customer-key").await
}

/// Buys Live Chat and Inbox.
async fn check_out(browser: &Browser) {
    browser.click("#checkout-link").await;
    browser.see("#checkout").await;
    browser.until("the script", "return Boolean(window.growsumo && growsumo.trackCheckout)").await;
    browser.click("#buy-live_chat").await;
    browser.click("#buy-inbox").await;
    browser.click("#pay").await;
    browser.see("#paid").await;
}

/// Checks that the partner's panel shows both products and both commissions, with their amounts.
async fn assert_the_partners_panel_shows_both(browser: &Browser) {
    let full = "const rows = (id) => document.querySelectorAll(`#${id} li .end`).length;
        return rows('partner-products') === 2 && rows('partner-rewards') === 2;";
    browser.until("the partner's panel to show both products and both commissions", full).await;
    let rows = |id: &str| {
        format!(
            "return [...document.querySelectorAll('#{id} li')].map((row) =>
                [row.querySelector('b').innerText, row.querySelector('.end b').innerText]).sort();"
        )
    };
    let products = browser.ask(&rows("partner-products")).await;
    assert_eq!(products, json!([["Inbox", "$99.00"], ["Live Chat", "$49.00"]]));
    let rewards = browser.ask(&rows("partner-rewards")).await;
    let expected =
        [["Earn 10% for every Live Chat sale", "$4.90"], ["Earn 20% for every Inbox sale", "$19.80"]];
    assert_eq!(rewards, json!(expected));
}

#[tokio::test]
async fn a_referred_visitor_who_buys_two_products_earns_the_partner_two_commissions() {
    let headwater = Headwater::open().await;
    let storefront = Storefront::open(&headwater).await;
    let browser = Browser::open().await;
    arrive(&browser, &storefront).await;
    let customer = sign_up(&browser).await;
    check_out(&browser).await;
    assert_two_commissions(&headwater, &customer).await;

    browser.click("#journey-link").await;
    let shown = "const steps = (name) => document.querySelectorAll(`#journey li[data-step=${name}]`).length;
        return steps('click') === 1 && steps('signup') === 1 && steps('product') === 2
            && steps('transaction') === 2 && steps('reward') === 2;";
    browser.until("the journey page to show every step", shown).await;
    let shown = "return [...document.querySelectorAll('#journey li[data-step=reward]')]
        .map((step) => Number(step.dataset.amount)).sort((a, b) => a - b);";
    assert_eq!(browser.ask(shown).await, json!([490, 1980]));
    assert_the_partners_panel_shows_both(&browser).await;
    browser.close().await;
    assert_partner_sees_both_products(&headwater, &customer).await;
}

#[tokio::test]
async fn killing_the_relay_during_the_journey_loses_nothing_and_pays_nothing_twice() {
    let headwater = Headwater::open().await;
    let storefront = Storefront::open(&headwater).await;
    let browser = Browser::open().await;
    arrive(&browser, &storefront).await;
    let customer = sign_up(&browser).await;
    let headwater = headwater.kill_and_restart().await;
    check_out(&browser).await;
    let headwater = headwater.kill_and_restart().await;
    assert_two_commissions(&headwater, &customer).await;
    assert_partner_sees_both_products(&headwater, &customer).await;
    browser.close().await;
}
