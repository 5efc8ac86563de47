//! The main job: a partner's link, a signup, two products, two commissions.

use client::{Client, Credential};
use protocol::v2::{Customer, Reward};
use secrecy::SecretString;
use serde_json::json;

use crate::browser::Browser;
use crate::deadline::eventually;
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

/// Creates an account, and says under which id the site keeps it.
async fn sign_up(browser: &Browser) -> String {
    browser.click("#signup-link").await;
    browser.write("#name", "Ada Example").await;
    browser.write("#email", "ada@buyer.example").await;
    // Shown when the script has run and knows the partner.
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

/// Waits until both payments and what they earn are in the ledger.
async fn rewards(vendor: &Client) -> Vec<Reward> {
    eventually("two payments and two rewards", async || {
        let payments = vendor.list_transactions(&[]).await.ok()?.data.items;
        let rewards = vendor.list_rewards(&[]).await.ok()?.data.items;
        (payments.len() >= 2 && rewards.len() >= 2).then_some(rewards)
    })
    .await
}

fn amounts(rewards: &[Reward]) -> Vec<i64> {
    let mut amounts: Vec<_> = rewards.iter().map(|reward| reward.amount).collect();
    amounts.sort_unstable();
    amounts
}

/// The one customer of the journey, credited to the partner.
async fn the_customer(vendor: &Client, key: &str) -> Customer {
    let customers = vendor.list_customers(&[]).await.expect("the ledger answers").data.items;
    let [customer] = <[Customer; 1]>::try_from(customers).expect("one visitor is one customer");
    assert_eq!(customer.customer_key.as_deref(), Some(key));
    assert!(customer.partnership_key.is_some(), "{customer:?}");
    customer
}

/// What the ledger holds at the end, exactly.
async fn assert_two_commissions(headwater: &Headwater, customer_key: &str) {
    let vendor = headwater.vendor();
    assert_eq!(amounts(&rewards(&vendor).await), [490, 1980]);
    let customer = the_customer(&vendor, customer_key).await;
    let payments = vendor.list_transactions(&[]).await.expect("the ledger answers").data.items;
    let mut paid: Vec<_> = payments.iter().map(|payment| payment.amount).collect();
    paid.sort_unstable();
    assert_eq!(paid, [4900, 9900]);
    assert!(payments.iter().all(|payment| payment.product_key.is_some()), "{payments:?}");
    let products =
        vendor.list_products(&[("customer_key", &customer.key)]).await.expect("the ledger answers");
    assert_eq!(products.data.items.len(), 2, "{products:?}");
    let clicks = vendor.list_clicks(&[]).await.expect("the ledger answers").data.items;
    assert_eq!(clicks.len(), 1, "{clicks:?}");
}

/// What the partner's own token shows.
async fn assert_partner_sees_both_products(headwater: &Headwater, customer_key: &str) {
    let vendor = headwater.vendor();
    let partnership = the_customer(&vendor, customer_key).await.partnership_key.expect("it was just there");
    let token = vendor.create_partner_token(&partnership).await.expect("a token").data.token;
    let credential = Credential::bearer(SecretString::from(token));
    let partner = Client::http(&headwater.url, credential).expect("a local address");
    let products = partner.list_products(&[]).await.expect("the partner may read").data.items;
    let mut names: Vec<_> = products.iter().filter_map(|product| product.name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Inbox", "Live Chat"]);
    let rewards = partner.list_rewards(&[]).await.expect("the partner may read").data.items;
    assert_eq!(amounts(&rewards), [490, 1980]);
    assert!(rewards.iter().all(|reward| reward.trigger.is_none()), "{rewards:?}");
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
