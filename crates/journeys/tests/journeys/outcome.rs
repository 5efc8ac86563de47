//! Checks exactly what the ledger holds after Live Chat and Inbox were bought through a partner's link.

use headwater_client::{Client, Credential};
use headwater_protocol::v2::{Customer, Reward};
use secrecy::SecretString;

use crate::deadline::eventually;
use crate::stage::Headwater;

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

/// The only customer of the journey, who must be credited to the partner.
async fn the_customer(vendor: &Client, key: &str) -> Customer {
    let customers = vendor.list_customers(&[]).await.expect("the ledger answers").data.items;
    let [customer] = <[Customer; 1]>::try_from(customers).expect("one visitor is one customer");
    assert_eq!(customer.customer_key.as_deref(), Some(key));
    assert!(customer.partnership_key.is_some(), "{customer:?}");
    customer
}

/// Checks that the ledger holds one click, one customer, two products, two payments and their two rewards, and no more.
pub(crate) async fn assert_two_commissions(headwater: &Headwater, customer_key: &str) {
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

/// Checks what the partner sees with a token of its own.
pub(crate) async fn assert_partner_sees_both_products(headwater: &Headwater, customer_key: &str) {
    let vendor = headwater.vendor();
    let customer = the_customer(&vendor, customer_key).await;
    let partnership = customer.partnership_key.expect("it was just there");
    let token = vendor.create_partner_token(&partnership).await.expect("a token").data.token;
    let credential = Credential::bearer(SecretString::from(token));
    let partner = Client::http(&headwater.url, credential).expect("a local address");
    let of_customer = [("customer_key", customer.key.as_str())];
    let products = partner.list_products(&of_customer).await.expect("the partner may read").data.items;
    let mut names: Vec<_> = products.iter().filter_map(|product| product.name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Inbox", "Live Chat"]);
    let rewards = partner.list_rewards(&[]).await.expect("the partner may read").data.items;
    assert_eq!(amounts(&rewards), [490, 1980]);
    assert!(rewards.iter().all(|reward| reward.trigger.is_none()), "{rewards:?}");
}
